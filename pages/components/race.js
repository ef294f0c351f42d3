/* Searches as lanes: every trial a dot, the lowest energy so far a line, every new lowest named by its action.

   What has happened is drawn step by step, at a pace that can be followed: PACE steps a second until a lane has reached
   the goal, FAST from then on, and faster where much is waiting.  Data that arrive meanwhile lengthen the lanes.

   data.lanes     [{name, note, members, start, above, drops: [{step, above, title, what, colour, picture}], families, arrived, ended}]
                  members: of the initial population, start: the lowest of them; above: by step, energy above the goal in meV/atom, null where a relaxation failed; families: by step,
                  probability of each family in percent
   data.families  names, or null where no bars are wanted
   data.goal      "bixbyite"
   data.play      whether to begin at the start, even where all has ended
   data.height    px of a lane at the usual type size
   data.keys      whether the space bar holds the drawing and lets it go on
   data.words     what a reader who cannot see the lanes should know
   state seen     true when the drawing has come to the end of all lanes
*/

const PACE = 8;            // steps a second
const FAST = 40;           // from the first arrival on
const BEHIND = 10;         // s that the drawing is behind at most
const SPAN = 50;           // steps that the axis has at least
const HIGHEST = 3000;      // meV/atom; what lies above is drawn at the upper edge
const MARGIN = { left: 44, right: 14, top: 10, bottom: 24 };
const PAUSE = 1000;        // ms between two drawings that count at most: a hidden page stands still
const BAND = 26;           // px for the initial population, before the first step
const TICKS = [0, 10, 100, 1000]; // meV/atom
const ROUND = [50, 100, 200, 400, 600, 1000, 1500, 2000, 3000, 5000, 10000, 20000];
const NAME = 150;          // px that the name of an action may take
const TABLE_ROWS = 1000;   // of the table on the page
const SVG = "http://www.w3.org/2000/svg";

function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const height = (above) => Math.log10(1 + Math.max(0, above)); // 0 at the goal

const written = (above, goal) => (above < 0.05 ? goal : `${above < 10 ? above.toFixed(1) : Math.round(above)} meV/atom above`);

class Race {
  constructor(root) {
    this.root = root;
    this.at = 0;
    this.lanes = [];
    this.button = element("button", { type: "button" });
    this.button.addEventListener("click", () => (this.done ? this.replay() : this.skip()));
    this.hold = element("button", { type: "button" });
    this.hold.addEventListener("click", () => this.holdOrResume());
    this.table = element("button", { type: "button", textContent: "Data as a table" });
    this.table.addEventListener("click", () => this.toggleTable());
    this.body = element("div", { className: "lanes", role: "group" });
    this.controls = element("div", { className: "controls" }, [this.button, this.hold, this.table]);
    root.replaceChildren(this.body, this.controls);
    this.observer = new ResizeObserver(() => this.data && this.draw());
    this.observer.observe(this.body);
    this.listen = (event) => {
      const taken = event.composedPath()[0].closest?.("button, input, textarea, select, a, [contenteditable]");
      if (!this.data?.keys || event.code !== "Space" || taken) return;
      event.preventDefault();
      if (this.done) this.replay();
      else this.holdOrResume();
    };
    document.addEventListener("keydown", this.listen);
  }

  show(data, tell) {
    const first = !this.data;
    this.data = data;
    this.tell = tell;
    this.body.setAttribute("aria-label", data.words);
    if (this.lanes.length !== data.lanes.length) this.build();
    if (first && !(data.play && !matchMedia("(prefers-reduced-motion: reduce)").matches)) this.at = this.drawable;
    this.draw();
    this.run();
  }

  build() {
    this.lanes = this.data.lanes.map(() => {
      const parts = {
        name: element("strong"), note: element("span", { className: "note" }), count: element("span", { className: "count" }),
        picture: shape("svg", { role: "img" }), said: element("p", { className: "said" }),
        bars: element("div", { className: "bars" }), strip: element("div", { className: "strip" }),
      };
      parts.head = element("div", { className: "head" }, [parts.name, parts.note, parts.count]);
      parts.row = element("div", { className: "row" }, [element("div", { className: "picture" }, [parts.picture]), parts.bars]);
      parts.all = element("section", {}, [parts.head, parts.row, parts.said, parts.strip]);
      return parts;
    });
    this.body.replaceChildren(...this.lanes.map((lane) => lane.all));
  }

  /* -- time --------------------------------------------------------------------------------------------------- */

  /* How far all lanes that have not ended have come; the end of the longest where all have. */
  get drawable() {
    const going = this.data.lanes.filter((lane) => !lane.ended).map((lane) => lane.above.length);
    return going.length ? Math.min(...going) : Math.max(...this.data.lanes.map((lane) => lane.above.length));
  }

  get done() {
    return this.data.lanes.every((lane) => lane.ended) && this.at >= this.drawable;
  }

  run() {
    if (this.frame || this.gone || this.held) return;
    let before = null;
    const step = (now) => {
      this.frame = null;
      if (this.gone || this.held) return;
      const shown = Math.floor(this.at);
      const waiting = this.nextEnd - this.at;
      if (before !== null && waiting > 0) {
        const arrived = this.data.lanes.some((lane) => lane.arrived !== null && lane.arrived <= this.at);
        const pace = Math.max(arrived ? FAST : PACE, waiting / BEHIND);
        this.at = Math.min(this.at + (pace * Math.min(now - before, PAUSE)) / 1000, this.nextEnd);
      }
      before = now;
      if (Math.floor(this.at) !== shown || this.done) this.draw();
      if (this.done) this.finish();
      else this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  /* Where the shortest lane ends that has not been left behind. */
  get nextEnd() {
    const ahead = this.data.lanes.filter((lane) => lane.ended && lane.above.length > this.at).map((lane) => lane.above.length);
    return Math.min(this.drawable, ...ahead);
  }

  finish() {
    this.button.textContent = "Play again";
    if (!this.told) this.tell(true);
    this.told = true;
  }

  holdOrResume() {
    this.held = !this.held;
    this.draw();
    this.run();
  }

  skip() {
    this.held = false;
    this.at = this.drawable;
    this.draw();
    this.run();
  }

  replay() {
    this.at = 0;
    this.run();
  }

  /* What is drawn as a table below, or none again. */
  toggleTable() {
    const shown = this.root.querySelector(".table");
    if (shown) return shown.remove();
    const table = element("table");
    const line = (cells, tag) => table.insertRow().append(...cells.map((textContent) => element(tag, { textContent })));
    line(["search", "step", `above ${this.data.goal} (meV/atom)`, "new lowest by"], "th");
    const rows = this.data.lanes.flatMap(({ name, members, above, drops }) => {
      const made = new Map(drops.map((drop) => [drop.step, drop.title]));
      const trials = above.slice(0, Math.floor(this.at)).map((value, k) => [name, k + 1, value ?? "no energy", made.get(k + 1) ?? ""]);
      return [...members.map((value) => [name, "random start", value, ""]), ...trials];
    });
    rows.slice(0, TABLE_ROWS).forEach((cells) => line(cells, "td"));
    if (rows.length > TABLE_ROWS) table.createCaption().textContent = `The first ${TABLE_ROWS} of ${rows.length} crystals`;
    const place = element("div", { className: "table", tabIndex: 0, role: "region", ariaLabel: "Data of the lanes" }, [table]);
    this.controls.after(place);
  }

  /* -- drawing ------------------------------------------------------------------------------------------------ */

  draw() {
    const at = Math.floor(this.at);
    this.button.textContent = this.done ? "Play again" : "Skip to the end";
    this.hold.hidden = this.done;
    const key = this.data.keys ? [element("kbd", { textContent: "Space" })] : [];
    if (this.hold.dataset.held !== String(Boolean(this.held))) this.hold.replaceChildren(this.held ? "Resume" : "Pause", ...key);
    this.hold.dataset.held = String(Boolean(this.held));
    this.root.dataset.step = at;
    this.root.dataset.done = this.done;
    const longest = this.data.lanes.every((lane) => lane.ended) ? this.drawable : 1.15 * at;
    const last = ROUND.find((end) => end >= longest) ?? longest;
    const span = Math.max(SPAN, this.data.lanes.every((lane) => lane.ended) ? longest * 1.02 : last);
    this.data.lanes.forEach((lane, k) => this.drawLane(lane, this.lanes[k], Math.min(at, lane.above.length), span));
  }

  drawLane(lane, parts, at, span) {
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const width = parts.picture.parentElement.clientWidth;
    const tall = this.data.height * size;
    const margin = Object.fromEntries(Object.entries(MARGIN).map(([side, px]) => [side, px * size]));
    if (width < 2 * margin.left) return;
    const top = height(HIGHEST);
    const zero = margin.left + BAND * size;
    const x = (step) => zero + (step / span) * (width - zero - margin.right);
    const y = (above) => tall - margin.bottom - (Math.min(height(above), top) / top) * (tall - margin.bottom - margin.top);
    const drops = lane.drops.filter((drop) => drop.step <= at);
    const lowest = drops.length ? drops[drops.length - 1].above : lane.start;
    const arrived = lane.arrived !== null && lane.arrived <= at;
    parts.name.textContent = lane.name;
    parts.note.textContent = lane.note;
    parts.count.textContent = arrived ? `✓ ${this.data.goal} after ${lane.arrived} steps` : `step ${at}`;
    parts.count.classList.toggle("arrived", arrived);

    parts.picture.setAttribute("viewBox", `0 0 ${width} ${tall}`);
    parts.picture.style.height = `${tall}px`;
    const drawn = [];
    for (const tick of TICKS) {
      drawn.push(shape("line", { class: tick ? "grid" : "goal", x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }));
      drawn.push(shape("text", { class: "tick", x: margin.left - 6 * size, y: y(tick) + 4 * size, "text-anchor": "end" }, tick));
    }
    const every = ROUND.find((end) => end >= span / 5) ?? span;
    for (let step = 0; step <= span; step += every) {
      drawn.push(shape("text", { class: "tick", x: x(step), y: tall - 6 * size, "text-anchor": "middle" }, step));
    }
    const spread = (k) => margin.left + 4 * size + ((k * 7) % lane.members.length) * ((BAND - 8) * size) / lane.members.length;
    const members = lane.members.map((above, k) => `M${spread(k).toFixed(1)} ${y(above).toFixed(1)}h0`);
    drawn.push(shape("path", { class: "trials", d: members.join("") }));
    drawn.push(shape("line", { class: "grid", x1: x(0), x2: x(0), y1: margin.top, y2: tall - margin.bottom }));
    const trials = lane.above.slice(0, at).map((above, k) => (above === null ? "" : `M${x(k + 1).toFixed(1)} ${y(above).toFixed(1)}h0`));
    drawn.push(shape("path", { class: "trials", d: trials.join("") }));
    const line = drops.map((drop) => `H${x(drop.step).toFixed(1)}V${y(drop.above).toFixed(1)}`).join("");
    drawn.push(shape("path", { class: "lowest", d: `M${x(0)} ${y(lane.start).toFixed(1)}${line}H${x(at).toFixed(1)}` }));
    let labelled = Infinity;
    let falls = Infinity; // x of the next drop, whose line goes down through what is written below this one
    for (const drop of [...drops].reverse()) {
      drawn.push(shape("circle", { cx: x(drop.step), cy: y(drop.above), r: 5.5 * size, fill: drop.colour, class: "drop" }));
      const next = falls;
      falls = x(drop.step);
      const apart = labelled - y(drop.above);
      if (labelled !== Infinity && apart < 18 * size && apart > -18 * size) continue;
      labelled = y(drop.above);
      const free = next - x(drop.step) > NAME * size; // below the line nothing lies but the goal
      const under = free && height(drop.above) / top > 0.25;
      const left = x(drop.step) > 0.6 * width;
      drawn.push(shape("text", {
        class: "label", x: x(drop.step) + (left ? -9 : 9) * size, y: y(drop.above) + (under ? 18 : -7) * size, "text-anchor": left ? "end" : "start",
      }, drop.title));
    }
    parts.picture.replaceChildren(...drawn);
    this.drawWords(lane, parts, at, drops, lowest, arrived);
    this.drawBars(lane, parts, at);
  }

  drawWords(lane, parts, at, drops, lowest, arrived) {
    const last = drops[drops.length - 1];
    const state = last ? `Step ${last.step}: ${last.title} → ${written(last.above, this.data.goal)}` : `Random start: ${written(lane.start, this.data.goal)}`;
    parts.said.textContent = arrived || !last || at - last.step < 3 ? state : `${state}; nothing lower for ${at - last.step} steps`;
    const fallen = drops.map((drop) => `step ${drop.step}, ${drop.title}: ${written(drop.above, this.data.goal)}`).join("; ");
    parts.picture.setAttribute("aria-label", `${lane.name}, energies of ${at} steps. New lowest: ${fallen || "none"}.`);
    const pictured = drops.filter((drop) => drop.picture);
    if (parts.strip.childElementCount === pictured.length && parts.strip.dataset.last === String(last?.step)) return;
    parts.strip.dataset.last = String(last?.step);
    parts.strip.replaceChildren(...pictured.map((drop) => {
      const swatch = element("span", { className: "swatch" });
      swatch.style.background = drop.colour;
      return element("figure", {}, [
        element("img", { src: drop.picture, alt: "" }),
        element("figcaption", {}, [swatch, element("b", { textContent: `Step ${drop.step}` }), ` ${drop.title}`, element("br"), `${drop.what} → ${written(drop.above, this.data.goal)}`]),
      ]);
    }));
  }

  drawBars(lane, parts, at) {
    const { families } = this.data;
    parts.bars.hidden = !families;
    if (!families || !lane.families.length) return;
    if (parts.bars.childElementCount !== families.length) {
      parts.bars.replaceChildren(...families.map((name) => element("div", { className: "bar" }, [
        element("span", { textContent: name }), element("i", {}, [element("b"), element("u")]), element("em"),
      ])));
    }
    const now = lane.families[Math.min(Math.max(at, 1), lane.families.length) - 1];
    [...parts.bars.children].forEach((bar, k) => {
      const [, track, number] = bar.children;
      track.children[0].style.width = `${now[k]}%`;
      track.children[1].style.left = `${lane.families[0][k]}%`;
      number.textContent = `${Math.round(now[k])} %`;
    });
  }

  close() {
    this.gone = true;
    cancelAnimationFrame(this.frame);
    document.removeEventListener("keydown", this.listen);
    this.observer.disconnect();
  }
}

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".race");
  root.__race ??= new Race(root);
  root.__race.show(data, (seen) => setStateValue("seen", seen));
  return () => {
    root.__race?.close();
    delete root.__race;
  };
}
