// SPDX-License-Identifier: GPL-2.0-or-later
"use strict";
// The matrix as one table: which two of handler, site and generation are its axes, one may choose.
(() => {
  const { matrix } = klprove;
  const at = (id) => document.getElementById(id);
  const axes = [["handler", matrix.handlers], ["site", matrix.sites], ["generation", matrix.kernels]];
  const SITE = 1, GENERATION = 2, BEFORE = "before", NOTHING = "nothing";
  const cells = new Map(matrix.cells.map(([handler, site, kernel, complete, ...found]) => [`${handler} ${site} ${kernel}`, { complete, found }]));
  const kept = [0, 0, 0];
  let chosen = "";

  function made(name, text = "", attributes = {}) {
    const element = document.createElement(name);
    element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  const number = (id) => Number(at(id).value);
  const third = () => 3 - number("rows") - number("columns");

  // Which numbers of an axis are shown: of sites those that are searched for.
  function shown(axis) {
    const all = [...axes[axis][1].keys()], words = at("sites").value.toLowerCase();
    return axis === SITE ? all.filter((each) => axes[SITE][1][each].toLowerCase().includes(words)) : all;
  }

  // What is new and what is gone since the generation compared with, if both have the site.
  function change(place) {
    const against = at("against").value;
    if (against === NOTHING) return "";
    const base = [...place];
    base[GENERATION] = against === BEFORE ? place[GENERATION] - 1 : Number(against);
    const now = cells.get(place.join(" ")), then = cells.get(base.join(" "));
    if (!now || !then) return "";
    const codes = (cell) => cell.found.map(([code]) => code);
    const without = (one, other) => codes(one).filter((each) => !codes(other).includes(each)).map((each) => matrix.codes[each][0]);
    const said = [["new", without(now, then)], ["gone", without(then, now)]].filter(([, names]) => names.length);
    return said.map(([word, names]) => `${word} ${names.join(", ")}`).join("; ");
  }

  function cell(place) {
    const one = cells.get(place.join(" ")), box = made("td");
    if (!one) {
      box.append(made("span", "-", { class: "never" }), made("span", " no such function", { class: "unseen" }));
      return box;
    }
    for (const [code, prefix, steps] of one.found) {
      const [name, letter] = matrix.codes[code];
      if (steps) box.append(made("a", letter, { href: `#${prefix}${steps}`, title: `${name}, ${steps} steps`, "aria-label": `${name}, ${steps} steps` }));
      else box.append(made("span", letter, { title: `${name}; its trace is left out` }));
    }
    if (!one.complete) box.append("?", made("span", " not known", { class: "unseen" }));
    else if (!one.found.length) box.append(made("span", ".", { class: "never" }), made("span", " nothing", { class: "unseen" }));
    const differs = change(place);
    if (differs) {
      box.className = "changed";
      box.title = differs;
      box.append(made("span", ` ${differs}`, { class: "unseen" }));
    }
    return box;
  }

  function draw() {
    const rows = number("rows"), columns = number("columns"), rest = third();
    const value = number("only-one");
    const table = made("table", "", { class: "matrix grid" }), body = made("tbody"), head = made("tr");
    table.append(made("caption", `${axes[rows][0]} by ${axes[columns][0]}; ${axes[rest][0]} ${axes[rest][1][value]}`));
    head.append(made("th", axes[rows][0], { scope: "col" }), ...shown(columns).map((each) => made("th", axes[columns][1][each], { scope: "col" })));
    for (const down of shown(rows)) {
      const line = made("tr");
      line.append(made("th", axes[rows][1][down], { scope: "row" }));
      for (const across of shown(columns)) {
        const place = [];
        place[rows] = down;
        place[columns] = across;
        place[rest] = value;
        line.append(cell(place));
      }
      if (!at("differing").checked || line.querySelector(".changed")) body.append(line);
    }
    const top = made("thead");
    top.append(head);
    table.append(top, body);
    at("grid").replaceChildren(table);
    at("shown-rows").textContent = `${body.rows.length} of ${axes[rows][1].length} rows`;
    mark();
  }

  function options(select, names, values) {
    select.replaceChildren(...names.map((name, index) => new Option(name, values ? values[index] : index)));
  }

  // The axis that is neither rows nor columns: one value of it is shown.
  function arrange() {
    const rest = third();
    at("third").textContent = axes[rest][0][0].toUpperCase() + axes[rest][0].slice(1);
    const there = shown(rest);
    options(at("only-one"), there.map((each) => axes[rest][1][each]), there);
    if (there.includes(kept[rest])) at("only-one").value = kept[rest];
    draw();
  }

  // One axis cannot be both: the other takes what this one was.
  function exchange(changed, other) {
    const before = Number(changed.dataset.before);
    if (changed.value === other.value) other.value = before;
    for (const each of [changed, other]) each.dataset.before = each.value;
    arrange();
  }

  function mark() {
    at("grid").querySelector("[aria-current]")?.removeAttribute("aria-current");
    if (!chosen) return undefined;
    const link = [...at("grid").querySelectorAll("a")].find((each) => each.getAttribute("href").startsWith(`#${chosen}`));
    link?.setAttribute("aria-current", "true");
    return link;
  }

  // Arrows go to the next cell in their direction that opens something.
  const WAYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

  function move(event) {
    const box = event.target.closest("td"), way = WAYS[event.key];
    if (!box || !way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const rows = box.closest("tbody").rows;
    let [down, across] = [box.parentElement.sectionRowIndex, box.cellIndex];
    do {
      [down, across] = [down + way[0], across + way[1]];
      const link = rows[down]?.cells[across]?.querySelector("a");
      if (link) return link.focus();
    } while (rows[down]?.cells[across]);
  }

  for (const id of ["rows", "columns"]) options(at(id), axes.map(([name]) => name));
  at("rows").value = at("rows").dataset.before = SITE;
  at("columns").value = at("columns").dataset.before = GENERATION;
  options(at("against"), ["the generation before", "nothing", ...matrix.kernels], [BEFORE, NOTHING, ...matrix.kernels.keys()]);
  at("rows").onchange = () => exchange(at("rows"), at("columns"));
  at("columns").onchange = () => exchange(at("columns"), at("rows"));
  at("only-one").onchange = () => { kept[third()] = number("only-one"); draw(); };
  at("against").onchange = at("differing").onchange = draw;
  at("sites").oninput = arrange;
  at("controls").onsubmit = (event) => event.preventDefault();
  at("grid").addEventListener("keydown", move);
  // The page says which finding is open; empty: none, and one goes back to where one was.
  document.addEventListener("opened", (event) => {
    const before = mark();
    chosen = event.detail || chosen;
    mark();
    if (!event.detail) before?.focus();
  });
  at("controls").hidden = at("grid").hidden = false;
  arrange();
})();
