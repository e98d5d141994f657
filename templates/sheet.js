// A sheet that is filled in: keeps what is typed, leads from box to box, and saves a file that `tracer check` reads.
// Without it the page can be filled in and printed.
{
const all = what => [...document.querySelectorAll(what)], by = id => document.getElementById(id);
const bar = by("bar"), count = by("count"), told = by("told"), { code, file, sure, saved, nameless, cleared } = bar.dataset;
const boxes = all("td input"), fields = all(".fields input"), workings = all(".working textarea"), typed = [...boxes, ...fields, ...workings];
const counted = count.textContent, place = "tracer " + code;

// What is typed stays in this browser, where it keeps anything.
let kept = {};
try { kept = Object(JSON.parse(localStorage.getItem(place))); } catch { kept = {}; }
for (const one of typed) one.value ||= kept[one.name] || "";
for (const one of workings) {
  one.parentNode.open = one.value;
  one.style.fieldSizing = "content";
}
const keep = () => {
  count.textContent = counted.replace("□", boxes.filter(box => box.value.trim()).length);
  try { localStorage.setItem(place, JSON.stringify(Object.fromEntries(typed.map(one => [one.name, one.value])))); } catch { /* refused */ }
};
addEventListener("input", () => { told.textContent = ""; keep(); });

// Enter leads to the next box; arrow keys to the one beside, where the text ends or is marked as a whole.
const go = box => { if (box) { box.focus(); box.select(); } };
const beside = (box, down, right) => {
  const { rows } = box.closest("table"), td = box.parentNode;
  let row = td.parentNode.rowIndex, column = td.cellIndex, cell;
  do {
    row += down;
    column += right;
    cell = rows[row]?.cells[column];
  } while (cell && !cell.querySelector("input"));
  return cell?.querySelector("input");
};
addEventListener("keydown", event => {
  const { key, target, isComposing } = event, at = boxes.indexOf(target);
  if (at < 0 || isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const { selectionStart: start, selectionEnd: end, value: { length } } = target, whole = end - start === length;
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
  if (key !== "Enter" && !move) return;
  if (key === "ArrowLeft" && end > 0 && !whole || key === "ArrowRight" && start < length && !whole) return;
  event.preventDefault();
  go(move ? beside(target, ...move) : boxes[at + 1]);
});

// The file: each step with a box as rows of texts, what is typed and what is printed.
const parted = id => id.match(/^(.+)\[(\d+),?(\d*)\]$/).slice(1);
const text = td => td.querySelector("input")?.value || td.dataset.text || "";
const clean = words => (words.toWellFormed?.() ?? words).replace(/[\x00-\x1f\x7f]/g, " ").trim();
const quoted = words => JSON.stringify(clean(words));
const remark = (label, words) => words.trim() && [label + ":", ...words.split("\n")].map(line => "# " + clean(line) + "\n").join("");
const matrices = () => {
  const steps = {};
  for (const box of boxes) steps[parted(box.name)[0]] = [];
  for (const td of all("td[id]")) {
    const [step, i, j] = parted(td.id);
    if (steps[step]) (steps[step][i - 1] ??= [])[(j || 1) - 1] = text(td);
  }
  return Object.entries(steps).map(([step, rows]) =>
    `${step} = [\n${Array.from(rows, row => `  [${Array.from(row || [], (one = "") => quoted(one)).join(", ")}],\n`).join("")}]\n`);
};
const name = () => clean(fields.find(field => field.name === "name")?.value ?? document.querySelector("[data-field=name]")?.textContent ?? "");
const answers = () => [
  ...fields.filter(field => field.name !== "name").map(field => remark(field.parentNode.textContent.trim(), field.value)),
  ...workings.map(one => remark(one.ariaLabel, one.value)),
  `title = ${quoted(document.title)}\nby = ${quoted(name())}\ncode = ${quoted(code)}\n\n[written]\n`,
  ...matrices(),
].join("");
by("save").onclick = () => {
  const a = document.createElement("a"), who = name().replace(/[^\p{L}\p{M}\p{N}._-]+/gu, " ").slice(0, 60).trim();
  a.download = [file, who, code].filter(part => part).join(" ") + ".toml";
  a.href = URL.createObjectURL(new Blob([answers()], { type: "application/toml" }));
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60000);
  told.textContent = saved.replace("▢", a.download).replace("□", count.textContent) + (who ? "" : " " + nameless);
};
by("clear").onclick = () => {
  if (!confirm(sure)) return;
  for (const one of [...boxes, ...workings]) one.value = "";
  keep();
  told.textContent = cleared;
  go(boxes[0]);
};

keep();
bar.hidden = by("clear").hidden = false;
}
