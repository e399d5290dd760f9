"use strict";
// The page can be read without this script: it only sorts, filters and chooses colours.
(() => {
  const root = document.documentElement;
  document.querySelectorAll("[hidden].needs-script").forEach((element) => { element.hidden = false; });

  const theme = document.getElementById("theme");
  theme.addEventListener("change", () => {
    if (theme.value === "auto") { delete root.dataset.theme; } else { root.dataset.theme = theme.value; }
    const media = { auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all" }[theme.value];
    document.querySelectorAll("picture source").forEach((source) => { source.media = media; });
  });

  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell || cell.classList.contains("why")) { return null; }  // a case without a number comes last in both orders
    const number = cell.dataset.sort;
    return number === undefined ? cell.textContent : number === "" ? null : Number(number);
  };
  const compare = (a, b) => typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  document.querySelectorAll("thead button").forEach((button) => {
    button.addEventListener("click", () => {
      const head = button.closest("th"), table = button.closest("table"), body = table.tBodies[0];
      const down = head.getAttribute("aria-sort") === "ascending";
      table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => [value(row, head.cellIndex), row]);
      rows.sort(([a], [b]) => a === null || b === null ? (a === null) - (b === null) : down ? compare(b, a) : compare(a, b));
      rows.forEach(([, row]) => body.append(row));
    });
  });

  const filter = document.getElementById("filter"), status = document.getElementById("filtered");
  if (!filter) { return; }  // a page without long tables
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, all = 0;
    document.querySelectorAll("[data-workload]").forEach((block) => {
      let own = 0;
      block.querySelectorAll("tbody tr").forEach((row) => {
        const text = `${block.dataset.workload} ${row.textContent}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        own += !row.hidden;
        all += 1;
      });
      block.hidden = own === 0;
      shown += own;
    });
    status.textContent = words.length ? `${shown} of ${all} rows` : "";
  });
})();
