// Deep links into folded steps, and where each number comes from. The page can be read without it.
{
const all = (what, inside = document) => [...inside.querySelectorAll(what)], by = id => document.getElementById(id);
const { names, origins } = JSON.parse(by("origins").textContent);

// A number is an entry of a grid or a worked line; `shown` maps "weights[2,1]" to all that show it.
const ENTRY = "td[id], td[data-of]", NUMBER = ENTRY + ", .chain[id]", shown = {};
const cellOf = number => number.dataset.of || number.id;
for (const one of all(NUMBER)) (shown[cellOf(one)] ??= []).push(one);

// Origins, as in tracer/document.py: [step, ranges, [[step, [[axis, scale, first, last], …]], …]].
const parted = id => { const n = id.lastIndexOf("["); return [id.slice(0, n), id.slice(n + 1, -1).split(",")]; };
const within = (n, [low, high]) => low <= n && n <= high;
const cells = (step, ranges) => ranges.reduce((found, [low, high]) => found.flatMap(at =>
  Array.from({ length: high - low + 1 }, (_, n) => [...at, low + n])), [[]]).map(at => `${step}[${at}]`);
const sources = cell => {
  const [step, at] = parted(cell);
  return origins.find(([of, ranges]) => of === step && at.every((n, k) => within(n, ranges[k])))?.[2].flatMap(([from, along]) =>
    cells(from, along.map(([axis, scale, first, last]) => [scale * at[axis] + first, scale * at[axis] + last])));
};
const users = cell => {
  const [step, at] = parted(cell);
  return origins.flatMap(([into, ranges, from]) => from.flatMap(([of, along]) => {
    const places = [...ranges];
    return of === step && along.every(([axis, scale, first, last], k) => {
      if (!scale) return within(at[k], [first, last]);
      const n = (at[k] - first) / scale, range = places[axis];
      places[axis] = [n, n];
      return n % 1 === 0 && within(n, range);
    }) ? cells(into, places) : [];
  }));
};
// What the page does not show is seen through.
const onPage = (cell, next) => {
  const seen = new Set(next(cell));
  for (const found of seen) if (!shown[found]) next(found)?.forEach(more => seen.add(more));
  return [...seen].filter(found => shown[found]);
};

// The panel
const panel = by("whence"), [it, from, into] = all("p > span", panel), [close, back] = all("button", panel), { more, given, none } = panel.dataset;
const trail = [], marked = new Set();
let now, timer;
const put = (place, tag, text = "") => {
  const node = document.createElement(tag);
  place.append(node, " ");
  node.append(text);
  return node;
};
// A₂₁ ≈ 0.4255, as the page has it, as a link; said as "weights[2,1] ≈ 0.4255", but for what letters in a row cannot say.
const write = (place, cell) => {
  const [step, at] = parted(cell), [number] = shown[cell], value = number.querySelector(".value"), a = put(place, "a");
  a.href = "#" + encodeURIComponent(cell);
  const sign = value ? "" : number.closest("figure").dataset.sign;
  put(a, "span").innerHTML = names[step].replace("□", at.join(at.some(n => n > 9) ? "," : "")) + (sign && ` <math><mo>${sign}</mo></math>`);
  const says = put(a, "span");
  says.append(...(value || number).cloneNode(true).childNodes);
  a.title = cell + " " + (says.querySelector("mfrac, msqrt, msup, msub") ? "" : sign + " " + says.textContent);
};
const list = (place, found, otherwise) => {
  place.replaceChildren();
  found.slice(0, 6).forEach(cell => write(place, cell));
  if (!found[0] || found[6]) put(place, "i", found[0] ? more.replace("□", found.length - 6) : otherwise);
};
const block = number => number.closest("figure, .chain");
const mark = (found, kind, word) => {
  for (const one of found.flatMap(cell => shown[cell])) {
    marked.add(one).add(block(one));
    one.classList.add(kind);
    if (word) block(one).dataset.tag = word;
  }
};
const hide = () => {
  for (const place of marked) { place.classList.remove("here", "from", "into"); delete place.dataset.tag; }
  marked.clear();
  now = 0;
  panel.hidden = true;
};
const show = number => {
  if (now === number) return;
  hide();
  now = number;
  const cell = cellOf(number), origin = onPage(cell, sources), uses = onPage(cell, users), place = number.getBoundingClientRect();
  mark(uses, "into", into.dataset.tag);
  mark(origin, "from", from.dataset.tag);
  mark([cell], "here");
  list(it, [cell]);
  put(it, "code", cell);
  put(it, "i", number.closest("section").querySelector("h2, h3").textContent);
  list(from, origin, sources(cell) ? none : given);
  list(into, uses, none);
  back.hidden = !trail[0];
  block(number).after(panel);
  panel.hidden = false;
  panel.classList.toggle("above", place.top + place.bottom > innerHeight);
  by("aloud").textContent = all("a, b, i", panel).map(node => node.title || node.textContent).join(", ");
};
const focus = number => (number.querySelector("a") || number).focus({ preventScroll: true });
const visit = place => {
  for (const step of all("details")) if (step.contains(place) || step.parentNode === place) step.open = true;
  if (!place.matches(NUMBER)) return place.scrollIntoView();
  place.scrollIntoView({ block: "center" });
  focus(place);
};
close.onclick = () => { if (panel.contains(document.activeElement)) focus(now); hide(); };
back.onclick = () => visit(trail.pop());

// A link leads to a step or a number, folded or not.
const arrive = () => {
  let id = location.hash.slice(1);
  try { id = decodeURIComponent(id); } catch { return; }
  const place = by(id) || by(parted(id)[0]);
  if (place) visit(place);
};
onhashchange = arrive;
document.fonts.ready.then(arrive);

// Pointing, touching, Tab
const pointed = target => target.closest("td, .name, .value")?.closest(NUMBER);
onpointerover = ({ target, pointerType }) => {
  clearTimeout(timer);
  if (pointerType !== "mouse" || document.activeElement.closest(NUMBER + ", #whence") || panel.contains(target)) return;
  const spot = pointed(target);
  timer = setTimeout(spot ? show : hide, spot ? 150 : 600, spot);
};
onclick = event => {
  const { target } = event, spot = pointed(target), a = target.closest("a");
  // In the frame of a notebook "#…" would be read as an address of the notebook.
  if (a && !event.ctrlKey && !event.metaKey) { event.preventDefault(); location.hash = a.getAttribute("href"); }
  if (panel.contains(target)) { if (a) { trail.push(now); arrive(); } }
  else if (spot) focus(spot);
  else hide();
};
addEventListener("focusin", ({ target }) => {
  const spot = target.closest(NUMBER);
  if (spot) show(spot); else if (!panel.contains(target)) hide();
});

// Tab reaches a grid once, arrow keys move inside it.
for (const table of all("table")) all(ENTRY, table).forEach((td, n) => {
  td.tabIndex = n ? -1 : 0;
  table.role = "grid";
  table.parentNode.removeAttribute("tabindex");
});
onkeydown = event => {
  const { key, target } = event, td = target.closest(ENTRY);
  if (key === "Escape" && now) close.click();
  if (!td || event.altKey || event.metaKey) return;
  if (key === "Enter" && td.id) panel.querySelector("p + p a")?.focus();
  else if (key === "Enter") { trail.push(td); visit(by(cellOf(td))); }
  const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e3], End: [0, 1e3] }[key];
  if (!move) return;
  event.preventDefault();
  const row = td.closest("table").rows[td.parentNode.rowIndex + move[0]]?.cells || [];
  const other = row[Math.max(1, Math.min(td.cellIndex + move[1], row.length - 1))];
  if (!other?.matches(ENTRY)) return;
  td.tabIndex = -1;
  other.tabIndex = 0;
  other.focus();
};
}
