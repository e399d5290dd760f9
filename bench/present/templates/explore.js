"use strict";
// The form and the address hold what is chosen. The points follow from it, and from them picture, list and table.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement, form = document.getElementById("controls");
  const at = (id) => document.getElementById(id);
  const filters = at("filters").querySelector("div");
  document.querySelectorAll("[hidden].needs-script").forEach((element) => { element.hidden = false; });

  const named = (list, name) => list.find((each) => each.name === name);
  const element = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
  const distinct = (values) => [...new Set(values)];
  const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

  // --- The form: every control offers what this workload has.

  /** Offers [value, text] pairs; returns false if the wanted value is none of them, and then chooses `otherwise`. */
  const offer = (select, options, wanted, otherwise) => {
    const known = options.some(([value]) => value === wanted);
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    select.value = known ? wanted : options.some(([value]) => value === otherwise) ? otherwise : options[0][0];
    select.disabled = options.length < 2;
    return known || wanted === null;
  };

  /** Fills the form with what is asked for; returns what this run does not have, as `name=value`. */
  const settle = (asked) => {
    const unknown = [];
    const choose = (select, options, otherwise) => {
      const wanted = asked.get(select.name);
      if (!offer(select, options, wanted, otherwise)) { unknown.push(`${select.name}=${wanted}`); }
      return select.value;
    };
    const workload = named(data.workloads, choose(at("workload"), data.workloads.map(({ name }) => [name, name])));
    const measure = named(workload.measures, choose(at("measure"), workload.measures.map(({ name, title }) => [name, title])));
    choose(at("clock"), measure.clocked ? workload.clocks.map((clock) => [clock, clock]) : [["", "does not matter"]]);
    at("clock").closest("p").hidden = workload.clocks.length < 2;
    const axes = workload.axes.map(({ name }) => [name, name]);
    const x = choose(at("x"), axes.length ? axes : [["", "the only case"]], workload.x);
    const others = workload.axes.filter(({ name }) => name !== x);
    const color = choose(at("color"), [["", "one for all"], ...others.map(({ name }) => [name, name])], workload.color);
    const scales = [["auto", "automatic"], ["log", "logarithmic"], ["linear", "linear"]];
    choose(at("yscale"), scales);
    choose(at("xscale"), named(workload.axes, x)?.numeric ? scales : [["", "in order"]]);
    settleFilters(others.filter(({ name }) => name !== color), choose);
    return unknown;
  };

  /** A filter for each axis that is neither drawn nor coloured. A filter that stays keeps its element, and so the focus. */
  const settleFilters = (axes, choose) => {
    const kept = new Map([...filters.querySelectorAll("select")].map((select) => [select.name, select]));
    const made = axes.map((axis) => {
      const name = `only.${axis.name}`;
      const select = kept.get(name) ?? Object.assign(document.createElement("select"), { name, id: name });
      const label = Object.assign(document.createElement("label"), { htmlFor: name, textContent: axis.name });
      choose(select, [["", "all"], ...axis.values.map((value) => [value, value])]);
      const paragraph = select.closest("p") ?? document.createElement("p");
      if (!select.isConnected) { paragraph.append(label, select); }
      return paragraph;
    });
    [...filters.children].filter((each) => !made.includes(each)).forEach((each) => each.remove());
    made.forEach((each, place) => { if (filters.children[place] !== each) { filters.insertBefore(each, filters.children[place] ?? null); } });
    at("filters").hidden = axes.length === 0;
  };

  // --- The points: what the form asks for, of the rows of one workload.

  const chosen = () => {
    const workload = named(data.workloads, at("workload").value), measure = named(workload.measures, at("measure").value);
    const [x, color] = ["x", "color"].map((id) => named(workload.axes, at(id).value) ?? null);
    const others = workload.axes.filter((each) => each !== x && each !== color);
    const only = (each) => at(`only.${each.name}`).value;
    const rows = workload.rows
      .filter((row) => measure.clocked ? row.clock === at("clock").value : row.first)
      .filter((row) => others.every((each) => only(each) === "" || row.axes[each.name] === only(each)));
    const open = others.filter((each) => distinct(rows.map((row) => row.axes[each.name])).length > 1);
    const points = [], lost = [];
    for (const row of rows) {
      const number = row.numbers[measure.name], text = x ? row.axes[x.name] : "";
      const place = x?.numeric ? Number(text) : text;
      const series = color ? row.axes[color.name] : "", kind = open.map((each) => `${each.name}=${row.axes[each.name]}`).join(", ");
      const point = { row, x: place, series, kind, line: `${series}\n${kind}`, key: row.key, launches: row.launches, doubts: row.doubts.join("; ") || "none" };
      if (row.outcome !== "ok") { lost.push({ ...point, outcome: row.outcome, why: `${row.outcome}: ${row.reason}` }); }
      else if (number.why) { lost.push({ ...point, outcome: "", why: number.why }); }
      else if (Number.isNaN(place)) { lost.push({ ...point, outcome: "", why: `it has no ${x.name}` }); }
      else { points.push({ ...point, y: number.value, low: number.low, high: number.high, sure: number.low !== undefined, text: number.text, how: number.how }); }
    }
    return { workload, measure, x, color, scales: { x: at("xscale").value, y: at("yscale").value }, open, points, lost };
  };

  // --- The picture.

  const shade = () => root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const { keys, specified } = pictures(data);

  let view = null, written = "", drawing = Promise.resolve(), turn = 0;
  /** Draws one picture after the other, and only the last of those that wait: embedding is slow. */
  const draw = (seen) => {
    const own = ++turn;
    drawing = drawing.then(async () => {
      if (own !== turn) { return; }
      view?.finalize();
      view = null;
      at("chart").replaceChildren();
      const look = data.themes[shade()], key = keys(seen, look);
      explain(key.legend);
      at("title").textContent = seen.points.length ? seen.measure.title : "";
      if (seen.points.length > 0) {
        at("chart").textContent = "…";  // an empty box is not shown, and would have no width
        const inside = getComputedStyle(at("chart"));
        const width = at("chart").clientWidth - parseFloat(inside.paddingLeft) - parseFloat(inside.paddingRight);
        view = await vegaEmbed(at("chart"), specified(seen, key, look, Math.floor(width)), {
          actions: false, renderer: "svg", tooltip: { theme: shade() },
        });
        at("chart").querySelector("svg").setAttribute("aria-hidden", "true");  // the table says the same, and reads better
      }
      // What the picture shows now, for whoever waits for it.
      Object.assign(at("chart").dataset, { drawn: own === turn ? written : "", theme: shade() });
    }).catch((error) => { at("chart").textContent = `The picture could not be drawn: ${error.message}`; });
  };

  /** The key of colours and shapes, as text that wraps on a narrow screen. */
  const explain = (legend) => {
    const symbol = ({ path, fill }) => {
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), mark = document.createElementNS(svg.namespaceURI, "path");
      svg.setAttribute("viewBox", "-1.1 -1.1 2.2 2.2");
      mark.setAttribute("d", path);
      mark.setAttribute("fill", fill);
      svg.append(mark);
      return svg;
    };
    at("key").replaceChildren(...legend.map(([name, items]) => {
      const line = element("li", `${name}: `), list = element("ul", "");
      list.append(...items.map((item) => { const own = element("li", ""); own.append(symbol(item), item.text); return own; }));
      line.append(list);
      return line;
    }));
  };

  // --- The same in words.

  const say = (seen, unknown) => {
    const { points, lost, measure, workload, open } = seen, bare = points.filter((point) => !point.sure).length;
    const parts = [counted(points.length, "point")];
    if (bare) { parts.push(`${bare} without an interval`); }
    if (lost.length) { parts.push(`${counted(lost.length, "case")} without a number`); }
    at("status").textContent = `${parts.join(", ")}.`;
    at("chart").setAttribute("aria-label", `${measure.title} of ${workload.name}: ${parts.join(", ")}. The table below has the same numbers.`);
    at("same").textContent = workload.same ? `All cases: ${workload.same}` : "";
    const remarks = unknown.length ? [`This run does not have what the address asks for: ${unknown.join(", ")}.`] : [];
    const kinds = distinct(points.map((point) => point.kind)).length;
    if (kinds > data.shapes.length) { remarks.push(`${kinds} kinds of case (by ${open.map(({ name }) => name).join(", ")}) look alike here: choose among them above.`); }
    if (seen.color && seen.color.values.length > data.themes.light.range.category.length && kinds > 1 && kinds <= data.shapes.length) { remarks.push("There are more values than colours, so colours repeat."); }
    if (seen.scales.x === "log" && points.some((point) => point.x <= 0)) { remarks.push("A logarithmic scale has no place for 0: x is linear."); }
    at("remarks").textContent = remarks.join(" ");
  };

  const list = ({ lost }) => {
    const groups = new Map();
    lost.forEach((each) => groups.set(each.why, [...(groups.get(each.why) ?? []), each]));
    const items = [...groups].map(([why, cases]) => {
      const item = element("li", "", { className: cases[0].outcome && cases[0].outcome !== "skipped" ? "bad" : "" });
      item.append(...(cases[0].outcome ? [element("b", cases[0].outcome), why.slice(cases[0].outcome.length)] : [why]));
      const names = element("ul", "");
      names.append(...cases.map(({ row }) => element("li", row.case)));
      item.append(names);
      return item;
    });
    at("why").replaceChildren(...(items.length ? items : [element("li", "None: every case that is chosen is drawn.")]));
  };

  const tabulate = ({ points, lost, measure }) => {
    const headings = ["case", measure.title, "how the interval was made", "launches", "doubts"];
    at("table").tHead.rows[0].replaceChildren(...headings.map((text) => element("th", text, { scope: "col" })));
    const byRow = new Map([...points, ...lost].map((each) => [each.row, each]));
    const rows = [...byRow.values()].map((each) => {
      const line = element("tr", "", { className: each.outcome === undefined ? "ok" : each.outcome && each.outcome !== "skipped" ? "bad" : "skipped" });
      line.append(element("th", each.row.case, { scope: "row" }));
      if (each.outcome === undefined) { line.append(...[each.text, each.how, each.launches, each.doubts].map((text, i) => element("td", text, { className: i === 3 ? "why" : "" }))); }
      else { line.append(element("td", each.why, { className: "why", colSpan: headings.length - 1 })); }
      return line;
    });
    at("table").tBodies[0].replaceChildren(...rows);
  };

  // --- Update of all of these from a choice.

  const update = (asked, fromAddress) => {
    const unknown = settle(asked), seen = chosen();
    say(seen, fromAddress ? unknown : []);
    list(seen);
    tabulate(seen);
    written = `#${new URLSearchParams(new FormData(form))}`;
    history.replaceState(null, "", written);
    draw(seen);
  };
  const readForm = () => update(new URLSearchParams(new FormData(form)), false);
  const readAddress = () => update(new URLSearchParams(location.hash.slice(1)), true);

  if (data.workloads.length === 0) { at("status").textContent = "0 points: this run has no cases."; return; }
  form.addEventListener("change", readForm);
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", () => {
    if (location.hash !== written && location.hash.includes("=")) { readAddress(); }  // any other leads to a heading
  });

  // The theme is the reader's and no part of the view, so it stays out of the address, as in the report.
  const redraw = () => draw(chosen());
  const theme = at("theme");
  theme.addEventListener("change", () => {
    if (theme.value === "auto") { delete root.dataset.theme; } else { root.dataset.theme = theme.value; }
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let wide = window.innerWidth, waiting = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === wide) { return; }  // the address bar of a phone comes and goes
    wide = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(redraw, 150);
  });
  readAddress();
})();
