// SPDX-License-Identifier: GPL-2.0-or-later
"use strict";
const klprove = JSON.parse(document.getElementById("data").textContent);
(() => {
  const NARROW = 16, WIDE = 48, LANE = 30, BAND = 14, GAP = 8, TOP = 16, TITLES = 208;
  const ON_A_SHEET = 56, MOST_SHEETS = 40;
  const { findings, answers, sources, events, words, texts, matrix } = klprove;
  const at = (id) => document.getElementById(id);
  const drawing = at("drawing");
  const numbers = new Map(findings.map((finding, index) => [finding.prefix, index]));
  let folding = false, aside = new Set();
  let current = -1, step = 1, matches = [], telling = 0, painting = 0;

  // Building: everything that a trace names goes in as text.
  function element(name, attributes = {}, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text) made.textContent = text;
    return made;
  }

  function html(name, text, mark = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (mark) made.className = mark;
    return made;
  }

  // Step `which`, from 1, of a finding: what all traces share is in tables.
  function stepOf(finding, which) {
    const [action, file, line, noted, changes, says, calls] = events[finding.steps[which - 1]];
    return { lane: finding.of[which - 1], action, file: texts[file], line, noted, changes, says, calls: texts[calls] };
  }

  // How wide a step is drawn: as wide as all of them have room, within reason.
  function columnOf(finding, room) {
    return Math.max(NARROW, Math.min(WIDE, Math.floor(room / finding.steps.length)));
  }

  // Layout: a block a CPU, the deepest context on top, bands below.
  function layout(finding) {
    let y = TOP;
    const lanes = [], bands = [];
    for (const cpu of [...new Set(finding.lanes.map(([, cpu]) => cpu))]) {
      const own = finding.lanes.flatMap(([, its], index) => (its === cpu ? [index] : []));
      for (const index of own.reverse()) { lanes[index] = y; y += LANE; }
      finding.bands.forEach(([, its], index) => {
        if (its === cpu) { bands[index] = y; y += BAND; }
      });
      y += GAP;
    }
    return { lanes, bands, height: y };
  }

  // What a run that may be cut at both ends looks like in columns `from` to `to`.
  function cut(first, last, from, to, column) {
    const left = Math.max(first, from), right = Math.min(last, to);
    return left <= right && { x: (left - from) * column, width: (right - left + 1) * column };
  }

  function drawBars(svg, finding, place, from, to, column) {
    const edges = [];
    for (const [lane, first, last, kind, named, below, arrives, returns] of finding.bars) {
      if (first > to) break;
      const box = cut(first, last, from, to, column);
      if (!box) continue;
      const y = place.lanes[lane], context = texts[named];
      const bar = element("rect", { ...box, y: y + 2, height: LANE - 4, rx: 3, class: kind });
      bar.append(element("title", {}, `${finding.lanes[lane][0]} ${context}(), steps ${first} to ${last}`));
      svg.append(bar);
      // The first columns may be out of sight: there the name of a bar that is cut begins later.
      const hidden = first < from ? 1.5 * column : 0, fits = Math.floor((box.width - hidden - 6) / 6.5);
      if (fits > 3) svg.append(element("text", { x: box.x + hidden + 3, y: y + 11 }, context.length > fits ? `${context.slice(0, fits - 1)}\u2026` : context));
      if (arrives && first >= from) edges.push([box.x + 1, below === null ? y + LANE + GAP : place.lanes[below] + 2, y + LANE - 2]);
      if (returns && last <= to && below !== null) edges.push([box.x + box.width - 1, y + LANE - 2, place.lanes[below] + 2]);
    }
    for (const each of edges) edge(svg, ...each);
  }

  function edge(svg, x, y1, y2) {
    const back = y2 > y1 ? -5 : 5;
    svg.append(element("path", { d: `M${x} ${y1}V${y2}`, class: "edge" }));
    svg.append(element("path", { d: `M${x} ${y2}l-4 ${back}h8z`, class: "head" }));
  }

  function drawBands(svg, finding, place, from, to, column) {
    finding.bands.forEach(([, , runs], index) => {
      for (const [first, last, on] of runs) {
        const box = cut(first, last, from, to, column);
        if (!box || on === false) continue;
        svg.append(element("rect", { ...box, y: place.bands[index] + 3, height: BAND - 6, class: on ? "held" : "unknown" }));
      }
    });
  }

  function drawSteps(svg, finding, place, from, to, column) {
    for (let each = from; each <= to; each++) {
      const one = stepOf(finding, each);
      const x = (each - from) * column + column / 2, y = place.lanes[one.lane] + 20;
      const opacity = folding && aside.has(each) ? 0.25 : 1;
      const mark = each === finding.steps.length ? "finding" : one.noted ? "noted" : one.changes.length ? "dot" : "ring";
      if (mark === "finding") svg.append(element("path", { d: `M${x} ${y - 7}l7 7l-7 7l-7-7z`, class: mark, opacity }));
      else if (mark === "noted") svg.append(element("path", { d: `M${x} ${y - 6}l6 10h-12z`, class: mark, opacity }));
      else svg.append(element("circle", { cx: x, cy: y, r: 3.5, class: mark, opacity }));
      if (each % 5 === 0 || each === 1 || column >= 24) svg.append(element("text", { x, y: 11, "text-anchor": "middle" }, String(each)));
    }
  }

  function picture(finding, from, to, here, column) {
    const place = layout(finding), width = (to - from + 1) * column;
    const label = `${finding.title}: steps ${from} to ${to} as lanes; the table of steps says the same`;
    const svg = element("svg", { width, height: place.height, role: "img", "aria-label": label });
    for (const y of place.lanes) svg.append(element("path", { d: `M0 ${y + LANE}H${width}`, class: "rule" }));
    if (here >= from && here <= to) svg.append(element("rect", { x: (here - from) * column, y: 0, width: column, height: place.height, class: "here" }));
    drawBars(svg, finding, place, from, to, column);
    drawBands(svg, finding, place, from, to, column);
    drawSteps(svg, finding, place, from, to, column);
    return svg;
  }

  function titles(finding) {
    const place = layout(finding);
    const svg = element("svg", { width: TITLES, height: place.height });
    finding.lanes.forEach(([title], index) => svg.append(element("text", { x: 4, y: place.lanes[index] + 19, class: "title" }, title)));
    finding.bands.forEach(([title], index) => svg.append(element("text", { x: 12, y: place.bands[index] + 10, class: "soft" }, title)));
    return svg;
  }

  // Only the columns in sight are drawn: ten thousand steps cost what fifty do.
  function paint() {
    painting = 0;
    const finding = findings[current];
    if (!finding) return;
    const column = columnOf(finding, drawing.clientWidth), columns = Math.ceil(drawing.clientWidth / column) + 1;
    at("width").style.width = `${finding.steps.length * column}px`;
    const from = Math.min(Math.floor(drawing.scrollLeft / column), Math.max(0, finding.steps.length - columns + 1)) + 1;
    const svg = picture(finding, from, Math.min(finding.steps.length, from + columns - 1), step, column);
    svg.dataset.from = from;
    at("width").replaceChildren(svg);
  }

  function repaint() { painting = painting || requestAnimationFrame(paint); }

  function showSource(one) {
    const which = answers[findings[current].answer].sources[one.file], found = sources[which];
    at("file").textContent = one.line ? `${one.file}:${one.line}` : "no place in the text";
    const pane = at("source");
    if (pane.dataset.file !== String(which)) {
      pane.dataset.file = which;
      const list = document.createElement("ol");
      for (const line of found ? found.lines : []) list.append(html("li", line || " "));
      pane.replaceChildren(found && found.why ? html("p", `Not shown: ${found.why}.`) : list);
    }
    pane.querySelector("[aria-current]")?.removeAttribute("aria-current");
    const row = one.line && pane.querySelector("ol")?.children[one.line - 1];
    if (!row) return;
    row.setAttribute("aria-current", "true");
    pane.scrollTop = row.offsetTop - pane.offsetTop - pane.clientHeight / 2;
  }

  function showValues(finding) {
    const values = new Map(finding.initial.map((each) => words[each]));
    for (let each = 1; each <= step; each++) {
      for (const [name, value] of stepOf(finding, each).changes) values.set(name, value);
    }
    const changed = new Set(stepOf(finding, step).changes.map(([name]) => name));
    at("values").replaceChildren(...[...values].map(([name, value]) => {
      const row = html("tr", "", changed.has(name) ? "changed" : "");
      row.append(html("td", name), html("td", changed.has(name) ? `${value} (changed)` : value));
      return row;
    }));
  }

  function row(finding, which) { return at(finding.prefix + which); }

  // The section of a finding that the page does not hold: of many findings it would be too large.
  function build(which) {
    const finding = findings[which], made = html("section", "");
    made.id = `finding-${which + 1}`;
    made.setAttribute("aria-label", finding.title);
    const severity = html("p", finding.shortest ? `: ${finding.text}` : `: ${finding.text} (a shorter trace may exist)`);
    severity.prepend(html("b", finding.severity));
    const asked = html("details", ""), facts = html("dl", "", "facts");
    for (const [name, text] of answers[finding.answer].facts) {
      const fact = html("div", "");
      fact.append(html("dt", name), html("dd", text));
      facts.append(fact);
    }
    asked.append(html("summary", "What was asked"), facts);
    const first = finding.initial.map((each) => words[each].join(" = ")).join(", ");
    made.append(severity, html("p", `Why it matters: ${finding.why}. Wrong if: ${finding.wrong_if}.`), asked, html("p", `At first: ${first || "nothing"}`, "initial"), steps(finding));
    return made;
  }

  function steps(finding) {
    const table = html("table", "", "trace"), head = html("thead", ""), top = html("tr", "");
    table.append(html("caption", `${finding.title}, ${finding.steps.length} steps`), head);
    head.append(top);
    for (const name of ["Step", "Where", "What", "Source"]) {
      const each = html("th", name);
      each.scope = "col";
      top.append(each);
    }
    for (let each = 1; each <= finding.steps.length; each++) {
      if (each % 100 === 1) table.append(html("tbody", ""));
      table.lastChild.append(line(finding, each));
    }
    return table;
  }

  function line(finding, which) {
    const one = stepOf(finding, which), made = html("tr", ""), name = html("th", ""), link = html("a", which);
    made.id = finding.prefix + which;
    name.scope = "row";
    link.href = `#${made.id}`;
    name.append(link);
    const what = html("td", ""), source = html("td", one.line ? `${one.file}:${one.line} ` : "");
    what.title = one.calls;
    const end = which === finding.steps.length ? [`finding: ${finding.code}`] : [];
    what.append(...[...one.says, ...end].map((each) => html("div", each)));
    const text = sources[answers[finding.answer].sources[one.file]]?.lines[one.line - 1];
    if (text) source.append(html("code", text.trim()));
    made.append(name, html("td", finding.lanes[one.lane][0]), what, source);
    return made;
  }

  // A table of ten thousand rows is painted slowly: the hundreds next to the step are there.
  function shorten(part) {
    if (part.dataset.near) return;
    const parts = [...part.parentElement.tBodies], middle = parts.indexOf(part);
    parts.forEach((each, index) => {
      each.hidden = Math.abs(index - middle) > 1;
      delete each.dataset.near;
    });
    part.dataset.near = "yes";
  }

  function reveal(box, target) {
    const top = target.getBoundingClientRect().top - box.getBoundingClientRect().top;
    if (top < 0 || top + target.offsetHeight > box.clientHeight) box.scrollTop += top - box.clientHeight / 3;
  }

  function go(which, told = true) {
    const finding = findings[current];
    row(finding, step)?.removeAttribute("aria-current");
    step = Math.max(1, Math.min(which, finding.steps.length));
    const now = row(finding, step), column = columnOf(finding, drawing.clientWidth), x = (step - 1) * column;
    now.setAttribute("aria-current", "step");
    shorten(now.parentElement);
    reveal(at("steps"), now);
    if (x < drawing.scrollLeft || x > drawing.scrollLeft + drawing.clientWidth - 2 * column) {
      at("width").style.width = `${finding.steps.length * column}px`;
      drawing.scrollLeft = x - drawing.clientWidth / 2;
    }
    const box = document.querySelector(".picture"), y = layout(finding).lanes[finding.of[step - 1]];
    if (y < box.scrollTop || y + LANE > box.scrollTop + box.clientHeight) box.scrollTop = y - box.clientHeight / 3;
    const what = [...now.cells[2].children].map((each) => each.textContent).join("; ");
    at("said").textContent = `step ${step} of ${finding.steps.length}, ${now.cells[1].textContent}: ${what}`;
    at("calls").textContent = now.cells[2].title;
    showSource(stepOf(finding, step));
    showValues(finding);
    repaint();
    clearTimeout(telling);  // browsers count changes of the address, and a held key makes many
    if (told) telling = setTimeout(() => history.replaceState(null, "", `#${finding.prefix}${step}`), 200);
  }

  function choose(which) {
    if (current >= 0) row(findings[current], step)?.removeAttribute("aria-current");
    current = which;
    step = 1;
    if (matrix) at("steps").replaceChildren(build(which));
    else findings.forEach((_, index) => { at(`finding-${index + 1}`).hidden = index !== which; });
    document.querySelectorAll(".choices a").forEach((link, index) => {
      if (index === which) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
    at("shown").textContent = findings[which].title;
    aside = new Set(findings[which].folded.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, each) => first + each)));
    for (const each of aside) row(findings[which], each).classList.add("aside");
    at("titles").replaceChildren(titles(findings[which]));
    search();
  }

  // The next step of code that is not folded away; the last one never is.
  function onward(way) {
    let next = step + way;
    while (folding && aside.has(next)) next += way;
    return next < 1 ? step : next;
  }

  function fold() {
    folding = !folding;
    at("fold").setAttribute("aria-pressed", folding);
    at("steps").classList.toggle("folding", folding);
    repaint();
  }

  function open(isOpen) {
    at("viewer").hidden = at("beside").hidden = at("steps").hidden = !isOpen;
    document.dispatchEvent(new CustomEvent("opened", { detail: isOpen ? findings[current].prefix : "" }));
  }

  // An address names a step. One that names none is the first finding's end, or the matrix.
  function follow() {
    const [, prefix, which] = /^(.*step-)(\d+)$/.exec(location.hash.slice(1)) ?? [];
    const found = numbers.get(prefix) ?? (prefix === "step-" || findings.length === 1 ? 0 : undefined);
    const lost = prefix !== undefined && (found === undefined || (matrix && !numbers.has(prefix)));
    at("lost").textContent = lost ? `There is no ${prefix}${which} on this page: that finding is gone, or is called otherwise.` : "";
    if (matrix && (lost || prefix === undefined)) return open(false);
    if ((found ?? 0) !== current) choose(found ?? 0);
    open(true);
    go(lost || which === undefined ? findings[current].steps.length : Number(which), false);
  }

  function search() {
    const wanted = at("search").value.toLowerCase(), finding = findings[current];
    matches = [];
    finding.steps.forEach((_, index) => {
      const each = row(finding, index + 1);
      const hit = wanted !== "" && (each.textContent + each.cells[2].title).toLowerCase().includes(wanted);
      each.classList.toggle("match", hit);
      if (hit) matches.push(index + 1);
    });
    at("found").textContent = wanted === "" ? "" : `${matches.length} steps`;
  }

  function nextMatch(back) {
    if (!matches.length) return;
    const on = back ? matches.findLast((each) => each < step) : matches.find((each) => each > step);
    go(on ?? (back ? matches.at(-1) : matches[0]));
  }

  const MOVES = {
    ArrowLeft: () => go(onward(-1)), ArrowRight: () => go(onward(1)), f: fold,
    Home: () => go(1), End: () => go(findings[current].steps.length),
    "/": () => at("search").focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest("#controls")) return;
    if (event.target.id === "search") {
      if (event.key === "Enter") nextMatch(event.shiftKey);
      if (event.key === "Escape") event.target.blur();
    } else if (event.key === "m" && matrix) {
      at("to-matrix").click();
    } else if (Object.hasOwn(MOVES, event.key) && !at("viewer").hidden) {
      event.preventDefault();
      MOVES[event.key]();
    }
  });
  at("first").onclick = MOVES.Home;
  at("back").onclick = MOVES.ArrowLeft;
  at("next").onclick = MOVES.ArrowRight;
  at("last").onclick = MOVES.End;
  at("fold").onclick = fold;
  at("search").oninput = search;
  drawing.onscroll = repaint;
  drawing.onclick = (event) => {
    const svg = drawing.querySelector("svg");
    go(Number(svg.dataset.from) + Math.floor((event.clientX - svg.getBoundingClientRect().left) / columnOf(findings[current], drawing.clientWidth)));
  };
  window.addEventListener("resize", repaint);
  // The browser has gone to the row that the address names, and the picture is above it.
  window.addEventListener("load", () => setTimeout(() => { if (location.hash) at("viewer").scrollIntoView(); }));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.getAttribute("href"));
    follow();
    if (link.closest("nav")) at(at("viewer").hidden ? "matrix" : "viewer").scrollIntoView();
  });
  window.addEventListener("popstate", follow);
  window.addEventListener("beforeprint", () => {
    const finding = findings[current], sheets = [];
    if (at("viewer").hidden) return;
    for (let from = 1; from <= finding.steps.length && sheets.length < MOST_SHEETS; from += ON_A_SHEET) {
      const sheet = html("div", "", "sheet"), both = element("svg", { width: "100%", viewBox: `0 0 ${TITLES + ON_A_SHEET * NARROW} ${layout(finding).height}` });
      const drawn = picture(finding, from, Math.min(finding.steps.length, from + ON_A_SHEET - 1), 0, columnOf(finding, ON_A_SHEET * NARROW));
      drawn.setAttribute("x", TITLES);
      both.append(titles(finding), drawn);
      sheet.append(both);
      sheets.push(sheet);
    }
    at("viewer").append(...sheets);
  });
  window.addEventListener("afterprint", () => document.querySelectorAll(".sheet").forEach((each) => each.remove()));

  document.documentElement.classList.add("js");
  document.addEventListener("DOMContentLoaded", follow);
})();
