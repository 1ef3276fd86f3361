// Draws the table of cross_table.py. Text only ever enters through textContent and attributes.

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector("#cross");
  const stamp = JSON.stringify(data);
  if (place.stamp === stamp) return;
  place.stamp = stamp;
  const table = document.createElement("table");
  const head = add(table, "thead", "");
  const axes = add(head, "tr", "");
  add(axes, "td", "");
  Object.assign(add(axes, "th", "axis", data.axes[1]), { colSpan: data.columns.length });
  const names = add(head, "tr", "");
  add(names, "th", "axis side", data.axes[0]);
  for (const name of data.columns) add(names, "th", "", name).scope = "col";
  const body = add(table, "tbody", "");
  data.rows.forEach((name, row) => {
    const line = add(body, "tr", "");
    add(line, "th", "side", name).scope = "row";
    data.cells[row].forEach((cell, column) => {
      const box = add(line, "td", "");
      box.style.setProperty("--share", `${(5 + 45 * cell.share).toFixed(1)}%`);
      const content = add(box, cell.empty ? "span" : "button", "cell");
      add(content, "b", "", cell.count.toLocaleString("en"));
      if (cell.note) add(content, "small", "", cell.note);
      if (cell.empty) return;
      content.type = "button";
      content.setAttribute("aria-label", cell.label);
      content.onclick = () => setTriggerValue("picked", [row, column]);
    });
  });
  place.replaceChildren(table);
}
