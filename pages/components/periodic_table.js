/* A periodic table of buttons.  Arrow keys go from element to element, Enter or the space bar chooses.

   data.cells   [{symbol, number, row, column, colour, hint, off}], rows and columns from 1
   data.chosen  symbols
*/

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const FARTHEST = 18; // columns

function cellButton({ symbol, number, row, column, colour, hint, off }, chosen) {
  const button = document.createElement("button");
  button.type = "button";
  button.style.gridArea = `${row} / ${column}`;
  button.style.setProperty("--element", colour);
  button.title = hint;
  button.setAttribute("aria-label", hint);
  button.setAttribute("aria-pressed", String(chosen));
  if (off) button.setAttribute("aria-disabled", "true"); // not `disabled`: the reason is to be read
  button.dataset.symbol = symbol;
  const small = document.createElement("small");
  small.textContent = number;
  button.append(small, symbol);
  return button;
}

/* The nearest button in a direction; gaps are passed over. */
function neighbour(table, button, [down, right]) {
  let [row, column] = button.style.gridArea.split("/").map((part) => parseInt(part, 10));
  for (let i = 0; i < FARTHEST; i += 1) {
    row += down;
    column += right;
    const found = [...table.children].find(({ style }) => {
      const [r, c] = style.gridArea.split("/").map((part) => parseInt(part, 10));
      return r === row && c === column;
    });
    if (found) return found;
  }
  return null;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector(".periodic-table");
  const focused = table.querySelector(":focus")?.dataset.symbol;
  const last = focused ?? table.dataset.last ?? data.chosen[0] ?? data.cells.find((cell) => !cell.off)?.symbol;
  table.replaceChildren(...data.cells.map((cell) => cellButton(cell, data.chosen.includes(cell.symbol))));

  function tabTo(button) { // one stop of the Tab key; arrows do the rest
    for (const each of table.children) each.tabIndex = each === button ? 0 : -1;
    table.dataset.last = button.dataset.symbol;
  }
  const first = [...table.children].find((button) => button.dataset.symbol === last) ?? table.firstChild;
  tabTo(first);
  if (focused) first.focus();

  table.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    tabTo(button);
    if (button.getAttribute("aria-disabled") !== "true") setTriggerValue("picked", button.dataset.symbol);
  };
  table.onkeydown = (event) => {
    const step = STEPS[event.key];
    const next = step && neighbour(table, event.target.closest("button"), step);
    if (!next) return;
    event.preventDefault();
    tabTo(next);
    next.focus();
  };
}
