/* A crystal in 3-D: draws the lists that rlcsp_core.crystal.scene computed, with 3Dmol.js.
 *
 * One CrystalView lives as long as its element: new data are drawn into the same WebGL context, the camera stays, and
 * so do the settings (kept for the browser tab).  Text that comes with the data is only ever set as textContent.
 */

const SETTINGS_KEY = "crystal-view-settings";
const DEFAULTS = { bonds: true, cell: true, beyond: true, spin: false, perspective: true, hidden: [], polyhedra: {} };
const ELEMENT_NAMES = { bonds: "Bonds", cell: "Cell", beyond: "Complete polyhedra", spin: "Spin", perspective: "Perspective" };
const HINTS = {
  bonds: "Draw bonds between cations and anions",
  cell: "Draw the edges of the unit cell",
  beyond: "Draw copies on the far faces, and the atoms outside that complete the polyhedra",
  spin: "Turn slowly",
  perspective: "Perspective or parallel projection",
};
const BOND_RADIUS = 0.1;        // Å
const CELL_RADIUS = 0.03;       // Å
const EDGE_RADIUS = 0.025;      // Å
const POLYHEDRON_OPACITY = 0.72; // 3Dmol.js blends twice: seen as 0.72²
const MARGIN = 1.02;            // room around the ball that holds the picture
const FIELD_OF_VIEW = 20;       // degrees, of 3Dmol.js
const CAMERA_DISTANCE = 150;    // Å, of 3Dmol.js, at zoom 0
const FLAT_EDGE = 0.995;        // cosine between normals of faces that lie in one plane
const REFIT = 1.25;             // a picture that grew or shrank by more is fitted to the window again
const STEP = 10;                // degrees a key press turns
const PLAY_INTERVAL = 220;      // ms a frame
const SPIN_SPEED = 0.5;
const MOST_CHOSEN = 3;          // atoms: a site, a distance, an angle
const RULER_RADIUS = 0.05;      // Å
const SAME_DISTANCE = 1e-3;     // Å
const ARROW_RADIUS = 0.07;      // Å
const SEEN_MOVE = 0.1;          // Å; atoms that moved less get no arrow
const MANY_SITES = 30;          // atoms in the cell
const MOST_REPEATS = 5;         // cells along one axis
const BEYOND = 2;               // place of a drawn atom: 0 in the box, 1 on its far faces, 2 outside

let library = null;

function load3Dmol(url) {
  if (globalThis.$3Dmol) return Promise.resolve(globalThis.$3Dmol);
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(globalThis.$3Dmol);
    script.onerror = () => reject(new Error("The drawing library could not be loaded: reload the page."));
    document.head.append(script);
  });
  return library;
}

function hasWebGL() {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(gl);
}

function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function readSettings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(sessionStorage.getItem(SETTINGS_KEY) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

function writeSettings(settings) {
  try { sessionStorage.setItem(SETTINGS_KEY, JSON.stringify(settings)); } catch { /* private windows: not kept */ }
}

/* "rgb(18, 23, 30)" as #12171e. */
function hex(colour) {
  const channels = (colour.match(/[\d.]+/g) ?? ["255", "255", "255"]).slice(0, 3);
  return `#${channels.map((c) => Math.round(Number(c)).toString(16).padStart(2, "0")).join("")}`;
}

const point = (flat, k) => ({ x: flat[3 * k], y: flat[3 * k + 1], z: flat[3 * k + 2] });
const plus = (a, b) => ({ x: a.x + b.x, y: a.y + b.y, z: a.z + b.z });
const minus = (a, b) => ({ x: a.x - b.x, y: a.y - b.y, z: a.z - b.z });
const dot = (a, b) => a.x * b.x + a.y * b.y + a.z * b.z;
const times = (a, s) => ({ x: a.x * s, y: a.y * s, z: a.z * s });
const cross = (a, b) => ({ x: a.y * b.z - a.z * b.y, y: a.z * b.x - a.x * b.z, z: a.x * b.y - a.y * b.x });
const norm = (a) => Math.sqrt(dot(a, a));
const unit = (a) => times(a, 1 / norm(a));

/* The shortest of v and its periodic images in a cell with these rows, and not the zero vector.
 *
 * No image beyond |v| / height cells away can be shorter, where height is the distance between opposite faces. */
function shortest(v, rows) {
  const normals = [0, 1, 2].map((k) => cross(rows[(k + 1) % 3], rows[(k + 2) % 3]));
  const volume = dot(rows[0], normals[0]);
  const home = rows.reduce((w, row, k) => minus(w, times(row, Math.round(dot(v, normals[k]) / volume))), v);
  const reach = norm(home) > SAME_DISTANCE ? norm(home) : Math.min(...rows.map(norm));
  const far = normals.map((normal) => Math.ceil((reach + norm(home)) * norm(normal) / Math.abs(volume)));
  let best = null;
  for (let p = -far[0]; p <= far[0]; p += 1) {
    for (let q = -far[1]; q <= far[1]; q += 1) {
      for (let r = -far[2]; r <= far[2]; r += 1) {
        const image = [p, q, r].reduce((w, n, k) => plus(w, times(rows[k], n)), home);
        if (norm(image) > SAME_DISTANCE && (!best || norm(image) < norm(best) - 1e-9)) best = image;
      }
    }
  }
  return best;
}

/* At b between a and c, in degrees. */
function angle(a, b, c) {
  const cosine = dot(unit(minus(a, b)), unit(minus(c, b)));
  return (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
}

/* v turned by the quaternion [x, y, z, w]. */
function turned([x, y, z, w], v) {
  const q = { x, y, z };
  const t = times(cross(q, v), 2);
  return plus(plus(v, times(t, w)), cross(q, t));
}

/* Quaternion that brings the unit vector `forward` to the viewer and `up` as far up as it goes. */
function facing(forward, up) {
  const z = unit(forward);
  const x = unit(cross(up, z));
  const y = cross(z, x);
  // rows x, y, z of the rotation matrix; the largest of four forms is safe to divide by
  const m = [[x.x, x.y, x.z], [y.x, y.y, y.z], [z.x, z.y, z.z]];
  const trace = m[0][0] + m[1][1] + m[2][2];
  if (trace > 0) {
    const s = 2 * Math.sqrt(trace + 1);
    return [(m[2][1] - m[1][2]) / s, (m[0][2] - m[2][0]) / s, (m[1][0] - m[0][1]) / s, s / 4];
  }
  const i = m[0][0] > m[1][1] && m[0][0] > m[2][2] ? 0 : m[1][1] > m[2][2] ? 1 : 2;
  const j = (i + 1) % 3, k = (i + 2) % 3;
  const s = 2 * Math.sqrt(1 + m[i][i] - m[j][j] - m[k][k]);
  const q = [0, 0, 0, (m[k][j] - m[j][k]) / s];
  q[i] = s / 4;
  q[j] = (m[j][i] + m[i][j]) / s;
  q[k] = (m[k][i] + m[i][k]) / s;
  return q;
}

class CrystalView {
  constructor(root) {
    this.root = root;
    this.settings = readSettings();
    this.frame = 0;
    this.chosen = []; // atoms, at most three: { site, at }, at the image that was clicked
    this.build();
  }

  /* -- the parts of the window -------------------------------------------------------------------------------- */

  build() {
    this.legend = element("div", { className: "legend", role: "group", ariaLabel: "Elements" });
    this.toggles = element("div", { className: "toggles", role: "group", ariaLabel: "Drawing" });
    this.canvas = element("div", { className: "canvas", tabIndex: 0, role: "img" });
    this.axes = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.axes.setAttribute("class", "axes");
    this.axes.setAttribute("viewBox", "-50 -50 100 100");
    this.axes.setAttribute("aria-hidden", "true");
    this.gear = element("button", { type: "button", className: "gear", textContent: "⚙", title: "Drawing", ariaLabel: "Drawing" });
    this.gear.addEventListener("click", () => this.openControls(this.toggles.hidden));
    this.openControls(false);
    this.stage = element("div", { className: "stage" }, [this.canvas, this.axes, this.legend, this.gear, this.toggles]);
    this.site = element("p", { className: "site" });
    this.site.setAttribute("aria-live", "polite");
    this.player = element("div", { className: "player", hidden: true });
    this.caption = element("p", { className: "caption" });
    this.words = element("p", { className: "words", id: `words-${Math.random().toString(36).slice(2)}` });
    this.canvas.setAttribute("aria-describedby", this.words.id);
    this.root.replaceChildren(this.stage, this.player, this.site, this.caption, this.words);
    this.buildToggles();
    this.buildPlayer();
    this.listen();
  }

  openControls(open) {
    this.toggles.hidden = !open;
    this.gear.ariaExpanded = String(open);
  }

  buildToggles() {
    this.pressed = {};
    for (const name of Object.keys(ELEMENT_NAMES)) {
      const button = element("button", { type: "button", textContent: ELEMENT_NAMES[name], title: HINTS[name] });
      button.addEventListener("click", () => this.set({ [name]: !this.settings[name] }));
      this.pressed[name] = button;
      this.toggles.append(button);
    }
    const actions = {
      a: ["Look along a", () => this.lookAlong(0)],
      b: ["Look along b", () => this.lookAlong(1)],
      c: ["Look along c", () => this.lookAlong(2)],
      "−": ["Zoom out", () => this.viewer?.zoom(1 / 1.2)],
      "+": ["Zoom in", () => this.viewer?.zoom(1.2)],
      Reset: ["Fit to the window, first orientation", () => this.resetCamera()],
      PNG: ["Save the picture", () => this.savePicture()],
    };
    for (const [text, [title, action]] of Object.entries(actions)) {
      const button = element("button", { type: "button", textContent: text, title, ariaLabel: title });
      button.addEventListener("click", action);
      this.toggles.append(button);
    }
    this.buildSupercell();
    this.pickers = ["Choose an atom", "Distance to atom", "Angle with atom"].map((title, place) => {
      const select = element("select", { title, ariaLabel: title });
      select.addEventListener("change", () => this.chooseAt(place, select.value === "" ? null : Number(select.value)));
      return select;
    });
    this.toggles.append(this.supercell, ...this.pickers);
  }

  /* How many cells along a, b and c: for viewing only. */
  buildSupercell() {
    this.repeats = ["a", "b", "c"].map((axis) => {
      const title = `Cells along ${axis}, for viewing only`;
      const select = element("select", { title, ariaLabel: title });
      for (let n = 1; n <= MOST_REPEATS; n += 1) select.append(element("option", { value: n, textContent: n }));
      select.addEventListener("change", () => this.onSupercell?.(this.repeats.map((each) => each.value).join("×")));
      return select;
    });
    const [a, b, c] = this.repeats;
    this.supercell = element("span", { className: "supercell", role: "group", ariaLabel: "Supercell, for viewing only" },
      [a, "×", b, "×", c, "cells"]);
  }

  fillSupercell() {
    const { supercell, most_cells: most } = this.data;
    const chosen = supercell.split("×").map(Number);
    this.repeats.forEach((select, k) => {
      select.value = chosen[k];
      const others = chosen.reduce((product, n, axis) => (axis === k ? product : product * n), 1);
      for (const option of select.options) option.disabled = option.value > 1 && option.value * others > most;
    });
    this.supercell.hidden = most < 2 || !this.onSupercell;
  }

  buildPlayer() {
    this.play = element("button", { type: "button", textContent: "Play" });
    this.play.addEventListener("click", () => this.togglePlay());
    this.slider = element("input", { type: "range", min: 0, step: 1, ariaLabel: "Frame" });
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
    this.choices = element("div", { className: "choices", role: "group", ariaLabel: "Frame" });
    this.label = element("span", { className: "label" });
    this.player.append(this.play, this.slider, this.choices, this.label);
  }

  listen() {
    this.canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-STEP, "vy"], ArrowRight: [STEP, "vy"], ArrowUp: [-STEP, "vx"], ArrowDown: [STEP, "vx"] };
      const zooms = { "+": 1.1, "=": 1.1, "-": 1 / 1.1 };
      if (turns[event.key]) this.viewer?.rotate(...turns[event.key]);
      else if (zooms[event.key]) this.viewer?.zoom(zooms[event.key]);
      else if (event.key === "Home") this.resetCamera();
      else if (event.key === "Escape" && this.chosen.length) this.choose([]);
      else return;
      event.preventDefault();
    });
    // the wheel scrolls the page until the picture was clicked: a page must not be a trap
    this.canvas.addEventListener("pointerdown", () => this.canvas.focus({ preventScroll: true }));
    const focused = () => this.canvas.matches(":focus");
    for (const wheel of ["wheel", "mousewheel", "DOMMouseScroll"]) {
      this.canvas.addEventListener(wheel, (event) => {
        if (!focused() && !event.ctrlKey) event.stopImmediatePropagation();
      }, { capture: true });
    }
    // a change of theme changes the colour of the text, and the drawing follows
    this.root.addEventListener("transitionend", (event) => {
      if (event.target === this.root && event.propertyName === "color") this.draw();
    });
    this.observer = new ResizeObserver(() => this.viewer?.resize());
    this.observer.observe(this.canvas);
  }

  /* -- data --------------------------------------------------------------------------------------------------- */

  async show(data, onSupercell) {
    this.onSupercell = onSupercell;
    const sameFrames = this.data?.frames.length === data.frames.length && this.data?.start === data.start;
    const before = this.data && this.picture;
    this.data = data;
    if (!sameFrames) this.frame = Math.min(data.start, data.frames.length - 1);
    this.root.classList.toggle("bare", !data.controls);
    this.canvas.style.height = `${data.height / 16}rem`;
    this.caption.textContent = data.caption ?? "";
    this.caption.hidden = !data.caption;
    if (before && JSON.stringify(before.x) !== JSON.stringify(this.picture.x)) this.chooseAgain();
    if (data.link) linked.add(this);
    this.fillControls();
    if (!this.viewer && !(await this.start(data.library))) return;
    this.draw();
  }

  async start(url) {
    if (!hasWebGL()) {
      this.fail("This browser draws no 3-D graphics (WebGL 2 is off or missing): turn on hardware acceleration, or "
        + "use a recent Firefox, Chrome or Safari. The structure in words:");
      return false;
    }
    try {
      const $3Dmol = await load3Dmol(url);
      if (this.viewer) return true;
      this.viewer = $3Dmol.createViewer(this.canvas, { antialias: true, disableFog: true });
    } catch (error) {
      this.fail(`The structure cannot be drawn: ${error.message} In words:`);
      return false;
    }
    this.canvas.querySelector("canvas")?.addEventListener("webglcontextlost", () => {
      if (!this.closed) this.fail("WebGL context lost: reload the page. The structure in words:");
    });
    this.viewer.setViewChangeCallback(() => this.viewChanged());
    return true;
  }

  fail(message) {
    this.root.classList.add("failed");
    this.root.dataset.ready = "failed";
    this.site.textContent = message;
  }

  get picture() { return this.data.frames[this.frame]; }

  fillControls() {
    const { colours, polyhedra, frames } = this.data;
    const symbols = [...new Set(frames.flatMap((frame) => frame.elements))];
    this.legend.replaceChildren(...symbols.map((symbol) => this.legendEntry(symbol, colours[symbol], polyhedra)));
    this.fillSupercell();
    this.player.hidden = frames.length < 2;
    const few = frames.length <= 3;
    this.slider.hidden = this.play.hidden = few;
    this.choices.hidden = !few;
    this.slider.max = frames.length - 1;
    this.choices.replaceChildren(...(few ? frames : []).map((frame, k) => {
      const button = element("button", { type: "button", textContent: frame.label });
      button.addEventListener("click", () => this.goTo(k));
      return button;
    }));
    this.fillFrame();
  }

  legendEntry(symbol, colour, polyhedra) {
    const swatch = element("span", { className: "swatch" });
    swatch.style.background = colour;
    const atoms = element("button", { type: "button", title: `Show or hide ${symbol}` }, [swatch, symbol]);
    atoms.ariaLabel = atoms.title;
    atoms.ariaPressed = String(!this.settings.hidden.includes(symbol));
    atoms.addEventListener("click", () => {
      const hidden = this.settings.hidden.includes(symbol)
        ? this.settings.hidden.filter((other) => other !== symbol) : [...this.settings.hidden, symbol];
      this.set({ hidden });
    });
    if (!(symbol in polyhedra)) return atoms;
    const shapes = element("button", { type: "button", textContent: "⬟", title: `Polyhedra around ${symbol}` });
    shapes.ariaLabel = shapes.title;
    shapes.ariaPressed = String(this.drawsPolyhedra(symbol));
    shapes.style.color = colour;
    shapes.addEventListener("click", () =>
      this.set({ polyhedra: { ...this.settings.polyhedra, [symbol]: !this.drawsPolyhedra(symbol) } }));
    return element("span", { className: "pair" }, [atoms, shapes]);
  }

  drawsPolyhedra(symbol) {
    return this.settings.polyhedra[symbol] ?? this.data.polyhedra[symbol] ?? false;
  }

  fillFrame() {
    const frame = this.picture;
    this.slider.value = this.frame;
    this.label.textContent = this.data.frames.length > 3 ? `${this.frame + 1}/${this.data.frames.length}  ${frame.label}` : "";
    [...this.choices.children].forEach((button, k) => { button.ariaPressed = String(k === this.frame); });
    this.words.textContent = frame.words;
    this.canvas.ariaLabel = `Crystal structure ${frame.formula}. Arrow keys turn it, plus and minus zoom.`;
    for (const name of Object.keys(ELEMENT_NAMES)) this.pressed[name].ariaPressed = String(this.settings[name]);
    const first = ["Atom …", "Distance to …", "Angle with …"];
    this.pickers.forEach((select, place) => {
      const options = frame.sites.map((_, i) => element("option", { value: i, textContent: this.nameOf(i) }));
      select.replaceChildren(element("option", { value: "", textContent: first[place] }), ...options);
    });
    this.describeChosen();
  }

  set(change) {
    this.settings = { ...this.settings, ...change };
    writeSettings(this.settings);
    this.fillControls();
    this.draw();
  }

  goTo(frame) {
    this.frame = frame;
    this.chooseAgain();
    this.fillFrame();
    this.draw();
  }

  togglePlay() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = null;
    } else {
      if (this.frame === this.data.frames.length - 1) this.frame = -1;
      this.timer = setInterval(() => {
        if (this.frame >= this.data.frames.length - 1) this.togglePlay();
        else this.goTo(this.frame + 1);
      }, PLAY_INTERVAL);
    }
    this.play.textContent = this.timer ? "Pause" : "Play";
  }

  /* -- sites -------------------------------------------------------------------------------------------------- */

  nameOf(site) { return `${this.picture.elements[this.picture.sites[site].e]} ${site + 1}`; }

  get cellRows() { return [0, 1, 2].map((k) => point(this.picture.cell, k)); }

  /* An atom in the image nearest to another place; the one in the box where there is none. */
  imageOf(site, near = null) {
    const at = point(this.picture.x, this.picture.i.indexOf(site));
    return { site, at: near ? plus(near, shortest(minus(at, near), this.cellRows)) : at };
  }

  /* By a click: one atom after the other; one that is chosen is given up, and a fourth begins anew. */
  clicked(m) {
    const next = { site: this.picture.i[m], at: point(this.picture.x, m) };
    const isNext = (other) => norm(minus(other.at, next.at)) < SAME_DISTANCE;
    if (this.chosen.some(isNext)) this.choose(this.chosen.filter((other) => !isNext(other)));
    else this.choose(this.chosen.length < MOST_CHOSEN ? [...this.chosen, next] : [next]);
  }

  /* From a list: the first, second or third; the second and third in the image nearest to the one before. */
  chooseAt(place, site) {
    const sites = this.chosen.map((one) => one.site).slice(0, site === null ? place : MOST_CHOSEN);
    if (site !== null) sites[place] = site;
    this.choose(this.nearest(sites));
  }

  nearest(sites) {
    return sites.reduce((found, site) => [...found, this.imageOf(site, found.at(-1)?.at)], []);
  }

  /* The structure has changed: the same atoms, as far as there are so many. */
  chooseAgain() {
    this.chosen = this.nearest(this.chosen.map((one) => one.site).filter((site) => site < this.picture.sites.length));
  }

  choose(atoms) {
    this.chosen = atoms;
    this.describeChosen();
    this.draw();
  }

  describeChosen() {
    this.pickers.forEach((select, place) => {
      select.value = this.chosen[place]?.site ?? "";
      select.disabled = place > this.chosen.length;
    });
    const { sites } = this.picture;
    const [a, b, c] = this.chosen;
    const hint = "Click an atom for its site, a second for their distance, a third for the angle; drag to turn, click and scroll to zoom.";
    if (!a) this.site.textContent = hint;
    else if (!b) {
      const { at, words } = sites[a.site];
      this.site.textContent = `${this.nameOf(a.site)} at (${at.map((x) => x.toFixed(3)).join(", ")}): ${words}`;
    } else {
      const names = this.chosen.map((one) => this.nameOf(one.site)).join(" – ");
      const lengths = this.distances().map(({ words }) => words).join(", ");
      this.site.textContent = `${names}: ${c ? `${this.angleInWords()} at ${this.nameOf(b.site)}; ` : ""}${lengths}`;
    }
  }

  /* Between each chosen atom and the next, and whether other images of the two are nearer. */
  distances() {
    return this.chosen.slice(1).map((one, k) => {
      const v = minus(one.at, this.chosen[k].at);
      const nearest = norm(shortest(v, this.cellRows));
      const far = norm(v) - nearest > SAME_DISTANCE ? ` (nearest images: ${nearest.toFixed(3)} Å)` : "";
      return { short: `${norm(v).toFixed(3)} Å`, words: `${norm(v).toFixed(3)} Å${far}` };
    });
  }

  angleInWords() { return `${angle(...this.chosen.map((one) => one.at)).toFixed(1)}°`; }

  /* -- drawing ------------------------------------------------------------------------------------------------ */

  draw() {
    if (!this.viewer || this.closed) return;
    const { viewer } = this;
    const camera = this.fitted ? viewer.getView() : null;
    viewer.setBackgroundColor(this.pageColour(), 1); // translucent shapes vanish on a translucent background
    viewer.removeAllModels();
    viewer.removeAllShapes();
    viewer.removeAllLabels();
    const counts = this.drawAtoms();
    counts.polyhedra = this.drawPolyhedra();
    if (this.settings.cell) this.drawCell();
    this.drawArrows();
    this.drawChosen();
    viewer.setProjection(this.settings.perspective ? "perspective" : "orthographic");
    this.placeCamera(camera);
    viewer.render();
    if (this.settings.spin !== this.spinning) {
      viewer.spin(this.settings.spin ? "vy" : false, SPIN_SPEED);
      this.spinning = this.settings.spin;
    }
    this.drawAxes();
    Object.assign(this.root.dataset, { ready: "true", frame: this.frame, ...counts });
  }

  /* Outside the box only what completes a polyhedron: the twelve neighbours of every large cation would bury the cell. */
  isDrawn(m) {
    const { e, p, elements } = this.picture;
    if (this.settings.hidden.includes(elements[e[m]])) return false;
    return p[m] === 0 || (this.settings.beyond && (p[m] < BEYOND || this.completing.has(m)));
  }

  completingAtoms() {
    const { e, p, bonds, elements } = this.picture;
    const centres = elements.map((symbol) => this.drawsPolyhedra(symbol));
    const found = new Set();
    for (let k = 0; k < bonds.length; k += 2) {
      for (const [centre, corner] of [[bonds[k], bonds[k + 1]], [bonds[k + 1], bonds[k]]]) {
        if (centres[e[centre]] && p[centre] < BEYOND) found.add(corner);
      }
    }
    return found;
  }

  drawAtoms() {
    const { e, x, bonds, elements } = this.picture;
    this.completing = this.completingAtoms();
    const index = new Map();
    const atoms = [];
    e.forEach((kind, m) => {
      if (!this.isDrawn(m)) return;
      index.set(m, atoms.length);
      atoms.push({ elem: elements[kind], ...point(x, m), serial: m, bonds: [], bondOrder: [] });
    });
    let drawn = 0;
    for (let k = 0; k < bonds.length; k += 2) {
      const i = index.get(bonds[k]), j = index.get(bonds[k + 1]);
      if (i === undefined || j === undefined || !this.settings.bonds) continue;
      drawn += 1;
      atoms[i].bonds.push(j); atoms[i].bondOrder.push(1);
      atoms[j].bonds.push(i); atoms[j].bondOrder.push(1);
    }
    const model = this.viewer.addModel();
    model.addAtoms(atoms);
    for (const symbol of elements) {
      const color = this.data.colours[symbol];
      model.setStyle({ elem: symbol }, { sphere: { radius: this.data.radii[symbol], color }, stick: { radius: BOND_RADIUS, color } });
    }
    model.setClickable({}, true, (atom) => this.clicked(atom.serial));
    return { atoms: atoms.length, bonds: drawn };
  }

  drawPolyhedra() {
    const { e, p, x, elements, shapes, hulls } = this.picture;
    let count = 0;
    for (const symbol of elements.filter((name) => this.drawsPolyhedra(name) && !this.settings.hidden.includes(name))) {
      const mesh = { vertexArr: [], normalArr: [], faceArr: [] };
      const edges = this.viewer.addShape({ color: this.data.colours[symbol] });
      for (const [m, s] of hulls) {
        if (elements[e[m]] !== symbol || (!this.settings.beyond && p[m] !== 0)) continue;
        count += 1;
        this.addHull(mesh, edges, point(x, m), shapes[s], symbol);
      }
      if (mesh.faceArr.length) {
        this.viewer.addCustom({ ...mesh, color: this.data.colours[symbol], opacity: POLYHEDRON_OPACITY });
      }
    }
    return count;
  }

  /* Flat faces need vertices of their own; edges between faces in one plane are no edges of the solid. */
  addHull(mesh, edges, centre, { v, f }, symbol) {
    const normals = new Map();
    for (let k = 0; k < f.length; k += 3) {
      const corners = [f[k], f[k + 1], f[k + 2]];
      const [a, b, c] = corners.map((corner) => point(v, corner));
      const normal = unit(cross(minus(b, a), minus(c, a)));
      for (const corner of [a, b, c]) {
        mesh.faceArr.push(mesh.vertexArr.length);
        mesh.vertexArr.push(plus(centre, corner));
        mesh.normalArr.push(normal);
      }
      for (const [from, to] of [[0, 1], [1, 2], [2, 0]]) {
        const edge = [corners[from], corners[to]].sort((m, n) => m - n).join("-");
        if (!normals.has(edge)) {
          normals.set(edge, normal);
        } else if (dot(normals.get(edge), normal) < FLAT_EDGE) {
          const [start, end] = [corners[from], corners[to]].map((corner) => plus(centre, point(v, corner)));
          edges.addCylinder({ start, end, radius: EDGE_RADIUS, color: this.data.colours[symbol], fromCap: 1, toCap: 1 });
        }
      }
    }
  }

  /* The edges of one unit cell, and of the box where it holds several. */
  drawCell() {
    const { cell, repeats } = this.picture;
    const colour = this.inkColour();
    const shape = this.viewer.addShape({ color: colour });
    const rows = [0, 1, 2].map((k) => point(cell, k));
    const corner = rows.reduce((sum, row, k) => plus(sum, times(row, -repeats[k] / 2)), { x: 0, y: 0, z: 0 });
    const boxes = repeats.some((n) => n > 1) ? [[1, 1, 1], repeats] : [[1, 1, 1]];
    for (const box of boxes) {
      for (let k = 0; k < 3; k += 1) {
        for (const [m, n] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
          const others = [(k + 1) % 3, (k + 2) % 3];
          const start = plus(corner, plus(times(rows[others[0]], m * box[others[0]]), times(rows[others[1]], n * box[others[1]])));
          const end = plus(start, times(rows[k], box[k]));
          shape.addCylinder({ start, end, radius: CELL_RADIUS, color: colour, fromCap: 2, toCap: 2 });
        }
      }
    }
  }

  /* From where an atom was to where it is. */
  drawArrows() {
    const { i, x, p, e, elements, moved } = this.picture;
    if (!moved) return;
    const shape = this.viewer.addShape({ color: this.inkColour() });
    i.forEach((site, m) => {
      const by = point(moved, site);
      if (p[m] !== 0 || !this.isDrawn(m) || norm(by) < SEEN_MOVE) return; // of copies it would be said twice
      const end = minus(point(x, m), times(unit(by), 0.9 * this.data.radii[elements[e[m]]])); // its head is seen
      shape.addArrow({ start: minus(point(x, m), by), end, radius: ARROW_RADIUS, mid: 0.7 });
    });
  }

  drawChosen() {
    const { elements, sites } = this.picture;
    const color = this.inkColour();
    for (const { site, at } of this.chosen) {
      const radius = 1.35 * this.data.radii[elements[sites[site].e]];
      this.viewer.addSphere({ center: at, radius, color, opacity: 0.6 });
    }
    const label = (text, position) => this.viewer.addLabel(text, {
      position, fontColor: color, backgroundColor: this.pageColour(), backgroundOpacity: 0.8, fontSize: 14,
      inFront: true, alignment: "center",
    });
    this.distances().forEach(({ short }, k) => {
      const [start, end] = [this.chosen[k].at, this.chosen[k + 1].at];
      this.viewer.addCylinder({ start, end, radius: RULER_RADIUS, color, dashed: true, fromCap: 1, toCap: 1 });
      if (this.chosen.length < MOST_CHOSEN) label(short, times(plus(start, end), 0.5));
    });
    // three would cover each other; the line below the picture has all
    if (this.chosen.length === MOST_CHOSEN) label(this.angleInWords(), this.chosen[1].at);
  }

  /* -- camera ------------------------------------------------------------------------------------------------- */

  placeCamera(camera) {
    const size = this.pictureSize();
    if (!camera) {
      this.resetCamera();
    } else if (size > REFIT * this.size || this.size > REFIT * size) {
      this.fit();
    } else {
      this.viewer.setView(camera);
    }
    this.fitted = true;
  }

  resetCamera() {
    if (!this.viewer) return;
    const [a, , c] = [0, 1, 2].map((k) => unit(point(this.picture.cell, k)));
    const side = cross(c, a);
    const tilt = this.picture.sites.length > MANY_SITES ? 0.3 : 1; // of many atoms those behind each other show the order
    this.turn(facing(plus(plus(a, times(side, 0.35 * tilt)), times(c, 0.25 * tilt)), c));
    this.fit();
    this.viewer.render();
  }

  /* The ball around the picture touches the window, whatever the orientation. */
  fit() {
    const { clientWidth, clientHeight } = this.canvas;
    const narrow = Math.min(1, clientWidth / Math.max(clientHeight, 1));
    this.size = Math.max(...[this, ...this.partners].map((view) => view.pictureSize())); // one scale
    const distance = (MARGIN * this.size) / Math.sin((FIELD_OF_VIEW / 2) * (Math.PI / 180)) / narrow;
    this.viewer.setView([0, 0, 0, CAMERA_DISTANCE - distance, ...this.viewer.getView().slice(4)]);
  }

  /* Distance of the outermost drawn atom, or corner of the box, from its middle, in Å. */
  pictureSize() {
    const { x, e, elements, cell, repeats } = this.picture;
    const reach = e.map((kind, m) => {
      const at = point(x, m);
      return this.isDrawn(m) ? Math.sqrt(dot(at, at)) + this.data.radii[elements[kind]] : 0;
    });
    const [a, b, c] = [0, 1, 2].map((k) => times(point(cell, k), repeats[k] / 2));
    const corners = [plus(plus(a, b), c), plus(minus(a, b), c), plus(plus(a, b), times(c, -1)), plus(minus(a, b), times(c, -1))];
    return Math.max(1, ...reach, ...(this.settings.cell ? corners.map(norm) : []));
  }

  lookAlong(axis) {
    const rows = [0, 1, 2].map((k) => point(this.picture.cell, k));
    this.turn(facing(rows[axis], rows[axis === 2 ? 1 : 2]));
    this.viewer?.render();
  }

  turn(quaternion) {
    if (!this.viewer) return;
    const view = this.viewer.getView();
    this.viewer.setView([...view.slice(0, 4), ...quaternion]);
  }

  viewChanged() {
    this.drawAxes();
    this.root.dataset.view = this.viewer.getView().map((x) => x.toFixed(3)).join(" ");
    if (!this.following) for (const other of this.partners) other.follow(this.viewer.getView());
  }

  /* Pictures whose cameras turn with this one. */
  get partners() {
    return [...linked].filter((other) => other !== this && this.data.link && other.data.link === this.data.link && other.viewer);
  }

  follow(view) {
    this.following = true;
    this.viewer.setView(view);
    this.viewer.render();
    this.viewChanged();
    this.following = false;
  }

  /* a, b, c in a corner, as they lie now. */
  drawAxes() {
    const q = this.viewer.getView().slice(4, 8);
    const arrows = ["a", "b", "c"].map((name, k) => ({ name, v: turned(q, unit(point(this.picture.cell, k))) }));
    arrows.sort((m, n) => m.v.z - n.v.z);
    const parts = arrows.flatMap(({ name, v }) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      line.setAttribute("x2", 32 * v.x);
      line.setAttribute("y2", -32 * v.y);
      const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
      text.setAttribute("x", 42 * v.x);
      text.setAttribute("y", -42 * v.y);
      text.textContent = name;
      return [line, text];
    });
    this.axes.replaceChildren(...parts);
  }

  savePicture() {
    if (!this.viewer) return;
    this.viewer.render();
    element("a", { href: this.viewer.pngURI(), download: `${this.data.name}.png` }).click();
  }

  pageColour() { return hex(getComputedStyle(this.stage).backgroundColor); }

  inkColour() { return hex(getComputedStyle(this.root).color); }

  close() {
    this.closed = true;
    linked.delete(this);
    clearInterval(this.timer);
    this.observer.disconnect();
    this.viewer?.spin(false);
    this.viewer?.removeAllModels();
    this.viewer?.removeAllShapes();
    this.canvas.querySelector("canvas")?.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

const linked = new Set(); // pictures that may share their cameras
const views = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".crystal-view");
  if (!views.has(root)) views.set(root, new CrystalView(root));
  const view = views.get(root);
  view.show(data, (text) => setStateValue("supercell", text)).catch((error) => view.fail(error.message));
  return () => {
    view.close();
    views.delete(root);
  };
}
