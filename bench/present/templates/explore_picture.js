"use strict";
// The specification for Vega-Lite: the one that Python made, with data, scales, colours and shapes filled in.
// seen: { x, color, measure, scales: { x, y }, points, lost }; look: Vega's configuration in the theme of the page.
const pictures = ({ spec: base, ticks: labels, shapes }) => {
  const distinct = (values) => [...new Set(values)];
  const MOST_TICKS = 6, MOST_VALUES = 16, APART = 6, SPREAD = 24, PILE = 16, TALLEST = 96;  // the last four in pixels

  /** Colour for the series, shape for what else tells points apart; if nothing does, the series has both. */
  const keys = ({ color, points, lost }, look) => {
    const shown = [...points, ...lost], colors = look.range.category;
    const series = color ? color.values.filter((value) => shown.some((point) => point.series === value)) : [""];
    const kinds = distinct(shown.map((point) => point.kind)), byKind = kinds.length > 1 && kinds.length <= shapes.length;
    const place = (value) => color ? color.values.indexOf(value) : 0;
    const colored = series.map((value) => colors[place(value) % colors.length]);
    const shaped = series.map((value) => shapes[byKind ? 0 : (place(value) + Math.floor(place(value) / colors.length)) % shapes.length]);
    return {
      color: { scale: { domain: series, range: colored }, legend: null },
      shape: byKind
        ? { field: "kind", scale: { domain: kinds, range: shapes.slice(0, kinds.length) }, legend: null }
        : { field: "series", scale: { domain: series, range: shaped }, legend: null },
      legend: [
        ...(color ? [[color.name, series.map((text, i) => ({ text, path: shaped[i], fill: colored[i] }))]] : []),
        ...(byKind ? [["shape", kinds.map((text, i) => ({ text, path: shapes[i], fill: "currentColor" }))]] : []),
      ],
    };
  };

  /** True if a logarithmic scale is asked for, or if the numbers span a factor of ten; false if one is not positive. */
  const logarithmic = (asked, numbers) => {
    const least = Math.min(...numbers);
    return least > 0 && (asked === "log" || (asked === "auto" && Math.max(...numbers) >= 10 * least));
  };

  /** Round numbers on a logarithmic scale, few enough to be read; undefined if Vega's own ticks are better. */
  const ticks = (numbers) => {
    const least = Math.min(...numbers), most = Math.max(...numbers);
    for (const steps of [[1, 2, 5], [1, 3], [1]]) {
      const candidates = [];
      for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power += 1) {
        candidates.push(...steps.map((step) => Number(`${step}e${power}`)));
      }
      const inside = candidates.filter((tick) => tick >= least && tick <= most).length;
      if (inside >= 2 && (inside <= MOST_TICKS || steps.length === 1)) { return candidates; }
    }
    return undefined;
  };

  /** The encoding of x: a scale of numbers, or names in order. */
  const across = ({ x, scales }, places, width) => {
    if (x?.numeric) {
      return {
        type: "quantitative", title: x.name,
        scale: { ...(logarithmic(scales.x, places) ? { type: "log" } : { type: "linear", zero: false }), nice: false, padding: 24 },
        axis: { values: places.length <= MOST_VALUES ? places : undefined, labelExpr: labels.count, labelOverlap: "greedy", grid: false },
      };
    }
    const room = width - 80, level = places.join("").length * 9 < room, slanted = places.length * 24 < room;
    return {
      type: "ordinal", title: x ? x.name : null, sort: x ? x.values : null,
      axis: { labelAngle: level ? 0 : slanted ? -35 : -90, labelLimit: width < 600 ? 100 : 150, labels: x !== null },
    };
  };

  /** The encoding of y; strip: pixels below it for the cases without a number. */
  const upwards = ({ measure, scales, points }, strip) => {
    const ends = points.flatMap((point) => point.sure ? [point.low, point.y, point.high] : [point.y]);
    const range = [{ expr: `height - ${strip}` }, 0], axis = { labelExpr: labels[measure.ticks], labelOverlap: "greedy" };
    if (!logarithmic(scales.y, ends)) { return { title: null, scale: { type: "linear", zero: true, range }, axis: { ...axis, tickCount: MOST_TICKS } }; }
    const values = ticks(ends);
    return { title: null, scale: { type: "log", nice: false, padding: 16, range }, axis: { ...axis, ...(values ? { values } : { tickCount: MOST_TICKS }) } };
  };

  /** Points, each line of them with a place next to the others at one x. A line ends where one of its cases has no number. */
  const placed = ({ x, points, lost }, lines) => points.map(({ row, ...point }) => {
    if (!x?.numeric) { return { ...point, nudge: 0 }; }  // at a name, each line already has its own place
    const gaps = lost.filter((each) => each.line === point.line && each.x < point.x).length;
    const nudge = (lines.indexOf(point.line) - (lines.length - 1) / 2) * Math.min(APART, SPREAD / lines.length);
    return { ...point, line: `${point.line}\n${gaps}`, nudge };
  });

  /** Cases without a number, piled up below the points; strip: the height of the piles in pixels. */
  const piled = ({ x, lost }) => {
    const piles = new Map();
    const below = lost.filter((point) => !Number.isNaN(point.x)).map(({ row, ...point }) => {
      const spot = x?.numeric ? point.x : `${point.line}\n${point.x}`, under = piles.get(spot) ?? 0;
      piles.set(spot, under + 1);
      return { ...point, under, nudge: 0 };
    });
    const step = Math.min(PILE, TALLEST / Math.max(1, ...piles.values()));
    return { below: below.map((point) => ({ ...point, lift: -step * point.under })), strip: below.length ? 20 + step * Math.max(...piles.values()) : 0 };
  };

  const specified = (seen, { color, shape }, look, width) => {
    const { x, measure, points, lost } = seen, shown = [...points, ...lost].filter((point) => !Number.isNaN(point.x));
    const order = (point) => color.scale.domain.indexOf(point.series);
    const lines = distinct([...shown].sort((a, b) => order(a) - order(b)).map((point) => point.line));
    const { below, strip } = piled(seen), drawn = placed(seen, lines);
    const datasets = {
      points: drawn, sure: drawn.filter((point) => point.sure), bare: drawn.filter((point) => !point.sure), lost: below,
      reference: measure.ticks === "ratio" ? [{ y: 1 }] : [],
    };
    const right = across(seen, distinct(shown.map((point) => point.x)), width), up = upwards(seen, strip);
    const offset = x?.numeric || lines.length < 2 ? {} : { xOffset: { field: "line", type: "nominal", sort: lines } };
    // Names have no order to draw a line along, and a layer without data has no scale.
    const layer = structuredClone(base.layer).filter(({ data, encoding }) => datasets[data.name].length > 0 && (x?.numeric || !encoding.detail));
    for (const { data, mark, encoding } of layer) {
      if (data.name === "bare") { mark.fill = look.background; }  // no line shows through
      if (encoding.x) { Object.assign(encoding, offset, { x: { ...encoding.x, ...right } }); }
      if (encoding.y.field) { Object.assign(encoding.y, up); }
      if (encoding.color) { Object.assign(encoding.color, color); }
      if (encoding.shape) { Object.assign(encoding.shape, shape); }
      if (encoding.tooltip && data.name !== "lost") { encoding.tooltip.find(({ field }) => field === "text").title = measure.title; }
    }
    return { ...base, layer, datasets, width, height: width < 600 ? 320 : 440, autosize: { type: "fit", contains: "padding" }, config: look };
  };

  return { keys, specified };
};
