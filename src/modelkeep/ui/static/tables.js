// Rows of tables marked `data-rows` are gone through by arrows. Enter opens what the row is of, Space ticks it.
export function wireTables() {
  const table = document.querySelector("table[data-rows]");
  if (!table) return;
  const rows = [...table.tBodies[0].rows];
  for (const row of rows) row.tabIndex = -1;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, summary, dialog, .bar")) return;
    const at = rows.indexOf(event.target.closest("tr"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = rows[Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), rows.length - 1)];
      if (next) {
        event.preventDefault();
        next.focus();
      }
    } else if (at >= 0 && event.target === rows[at]) {
      if (event.key === "Enter") (rows[at].querySelector("a.name") ?? rows[at].querySelector(".run a"))?.click();
      if (event.key === " ") {
        const box = rows[at].querySelector("input[type=checkbox]");
        if (box) {
          event.preventDefault();
          box.click();
        }
      }
    }
  });
}
