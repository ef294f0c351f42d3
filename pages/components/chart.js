/* A Plotly chart that stays alive: new data changes the drawing in place, zoom and legend choices are kept.

   data.figure       Plotly figure as JSON text; colours may be CSS variables, "var(--st-text-color)"
   data.description  what a reader who cannot see the chart should know
   data.filename     name of exported pictures
   data.clickable    whether a click on a point is reported
   data.growing      whether the points are shown one after the other at first
*/

const LIBRARY = "app/static/plotly/plotly-cartesian.min.js";
const CHECK_THEME_EVERY = 400; // ms; the page changes its variables without an event
const LATER = 2000; // ms until a chart outside the window is drawn: what is seen, and other libraries, go first
const GROW_EVERY = 900; // ms a point
const DRAG_PAUSE = 150; // ms; drawing while the mouse selects would end the selection

function loadPlotly() {
  window.__rlcspPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(LIBRARY, document.baseURI).href;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The chart library could not be loaded from this server."));
    document.head.append(script);
  });
  return window.__rlcspPlotly;
}

/* Of the page's type to the usual size: charts grow with it. */
function magnification() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/* Of the drawing, in pixels. */
function heightOf(figure) {
  return magnification() * (JSON.parse(figure).layout.height ?? 320);
}

/* The layout with its type, margins and height so many times as large. */
function magnified(value, factor) {
  if (Array.isArray(value)) return value.map((v) => magnified(v, factor));
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => {
    if (/font$/.test(k) && v?.size) return [k, { ...v, size: v.size * factor }];
    if (k === "margin") return [k, Object.fromEntries(Object.entries(v).map(([side, width]) => [side, width * factor]))];
    if (k === "height") return [k, v * factor];
    return [k, magnified(v, factor)];
  }));
}

/* The figure with every CSS variable replaced by its present value. */
function themed(value, style) {
  if (typeof value === "string") {
    const name = /^var\((--[\w-]+)\)$/.exec(value);
    return name ? style.getPropertyValue(name[1]).trim() || "#888888" : value;
  }
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((v) => themed(v, style));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, k === "bdata" ? v : themed(v, style)]));
  }
  return value;
}

function pictureButton(format, filename) {
  const label = `Download as ${format.toUpperCase()}`;
  return {
    name: label,
    title: label,
    icon: format === "png" ? window.Plotly.Icons.camera : window.Plotly.Icons.disk,
    click: (chart) =>
      window.Plotly.downloadImage(chart, {
        format, filename, width: chart.clientWidth, height: chart.clientHeight, scale: format === "png" ? 3 : 1,
      }),
  };
}

const DRAWN_AGAIN = "drawn again"; // in the meta of a trace, as in rlcsp_core.plots.canvas
const TABLE_ROWS = 1000; // of a table on the page; the download has all

/* The points as a table below the chart, or none again. */
function toggleTable(node) {
  const shown = node.parentElement.querySelector(".rlcsp-chart-table");
  if (shown) return shown.remove();
  const table = document.createElement("table");
  const title = (axis, otherwise) => node._fullLayout[axis]?.title?.text || otherwise;
  const line = (cells, tag) => {
    const row = table.insertRow();
    cells.forEach((cell) => row.append(Object.assign(document.createElement(tag), { textContent: cell ?? "" })));
  };
  const written = (value) => (typeof value === "number" ? String(Number(value.toPrecision(9))).replace("-", "−") : value);
  const own = node.layout.meta; // of a figure whose axes cannot name what is drawn
  line(own?.columns ?? ["curve", title("xaxis", "x"), title("yaxis", "y")], "th");
  // marks on another axis have no value on this one; those named again are points that do not fit
  const drawn = node._fullData.filter((trace) => trace.visible === true && trace.meta !== DRAWN_AGAIN);
  const rows = own?.rows.map((row) => row.map(written)) ?? drawn.flatMap(({ name, x, y, yaxis }) =>
    Array.from(y ?? [], (value, k) => [name, written(x?.[k] ?? k), (yaxis ?? "y") === "y" ? written(value) : ""]));
  rows.slice(0, TABLE_ROWS).forEach((row) => line(row, "td"));
  if (rows.length > TABLE_ROWS) table.createCaption().textContent = `The first ${TABLE_ROWS} of ${rows.length} points`;
  const place = Object.assign(document.createElement("div"), { className: "rlcsp-chart-table", tabIndex: 0, role: "region" });
  place.ariaLabel = "Data of the chart";
  place.append(table);
  node.after(place);
}

const tableButton = {
  name: "Data as a table",
  title: "Data as a table",
  icon: { width: 16, height: 16, path: "M1 2h14v12H1zM2.5 5.5v2.5h5V5.5zm6.5 0v2.5h4.5V5.5zM2.5 9.5v3h5v-3zm6.5 0v3h4.5v-3z" },
  click: toggleTable,
};

function configuration(filename) {
  return {
    displaylogo: false,
    responsive: true,
    scrollZoom: false,
    doubleClick: "reset+autosize",
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"], [pictureButton("png", filename), pictureButton("svg", filename)], [tableButton]],
  };
}

/* At once where the chart is seen or nearly so; the first drawing of others waits. */
function due(chart) {
  chart.due ??= new Promise((resolve) => {
    const now = () => {
      clearTimeout(timer);
      eye.disconnect();
      resolve();
    };
    const timer = chart.data.growing ? null : setTimeout(now, LATER);
    const eye = new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && now());
    eye.observe(chart.node);
  });
  return chart.due;
}

async function draw(chart) {
  chart.node.style.minHeight = `${heightOf(chart.data.figure)}px`;
  await due(chart);
  if (chart.gone) return;
  const Plotly = await loadPlotly();
  while (chart.node._dragging && !chart.gone) await new Promise((done) => setTimeout(done, DRAG_PAUSE));
  if (chart.gone) return;
  const style = getComputedStyle(chart.root);
  const { figure, description, filename } = chart.data;
  chart.theme = themeOf(style);
  chart.config ??= configuration(filename); // Plotly starts afresh when the configuration is not the same object
  const { data, layout } = themed(JSON.parse(figure), style);
  chart.node.setAttribute("aria-label", description);
  await Plotly.react(chart.node, data, { ...magnified(layout, magnification()), uirevision: layout.uirevision ?? "constant" }, chart.config);
  chart.node.dataset.points = String((chart.node.calcdata ?? []).reduce((n, trace) => n + trace.length, 0));
  if (!chart.listening) {
    chart.listening = true;
    if (chart.data.growing) grow(chart);
    chart.node.on("plotly_click", (event) => {
      const point = event.points?.[0];
      if (chart.data.clickable && point) chart.report("clicked", { x: point.x, y: point.y, curve: point.curveNumber, index: point.pointNumber });
    });
  }
}

/* From the first point to the last; the axes stay as they are for all. */
function grow(chart) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const { node } = chart;
  const all = node._fullData.map(({ x, y }) => ({ x: Array.from(x), y: Array.from(y) }));
  const { xaxis, yaxis } = node._fullLayout;
  const axes = { "xaxis.range": [...xaxis.range], "yaxis.range": [...yaxis.range] };
  const longest = Math.max(...all.map(({ x }) => x.length));
  const show = (n) => {
    if (chart.gone) return;
    const part = (name) => all.map((trace) => trace[name].slice(0, n));
    window.Plotly.update(node, { x: part("x"), y: part("y") }, axes);
    if (n < longest) setTimeout(show, GROW_EVERY, n + 1);
  };
  show(1);
}

function themeOf(style) {
  return ["--st-background-color", "--st-text-color"].map((name) => style.getPropertyValue(name)).join();
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".rlcsp-chart");
  let chart = root.__chart;
  if (!chart) {
    chart = root.__chart = { root, node: root.firstElementChild, gone: false };
    chart.timer = setInterval(() => {
      if (chart.theme && chart.theme !== themeOf(getComputedStyle(root))) redraw(chart);
    }, CHECK_THEME_EVERY);
    // a chart drawn in a closed tab has no width until the tab is opened
    chart.observer = new ResizeObserver(() => {
      if (chart.listening && root.clientWidth > 0) window.Plotly.Plots.resize(chart.node);
    });
    chart.observer.observe(root);
  }
  const drawn = chart.data;
  chart.data = data;
  chart.report = setTriggerValue;
  if (drawn?.figure !== data.figure || drawn?.description !== data.description) redraw(chart);

  return () => {
    chart.gone = true;
    clearInterval(chart.timer);
    chart.observer.disconnect();
    window.Plotly?.purge(chart.node);
    delete root.__chart;
  };
}

/* One drawing after the other: a fast sequence of updates must not overlap. */
function redraw(chart) {
  chart.queue = (chart.queue ?? Promise.resolve())
    .then(() => draw(chart))
    .catch((error) => {
      chart.node.textContent = error.message;
    });
}
