// Draws the table of confusion.py. Text only ever enters through textContent and attributes.

const MANY = 6; // classes from which on a cell has room for its number alone

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector("#matrix");
  const stamp = JSON.stringify(data);
  if (place.stamp === stamp) return; // a live page asks again and again
  const focused = place.getRootNode().activeElement?.dataset?.cell;
  place.stamp = stamp;
  place.replaceChildren(drawTable(data, (cell) => setTriggerValue("picked", cell)));
  if (focused) place.querySelector(`[data-cell="${focused}"]`)?.focus();
}

function drawTable({ classes, counts, caption, picked, clickable, recalls }, pick) {
  const table = document.createElement("table");
  table.className = classes.length >= MANY ? "confusion many" : "confusion";
  add(table, "caption", "", caption);
  const head = add(table, "thead", "");
  const axes = add(head, "tr", "");
  add(axes, "td", "");
  Object.assign(add(axes, "th", "axis", "predicted class"), { colSpan: classes.length });
  add(axes, "td", "");
  const names = add(head, "tr", "");
  add(names, "th", "axis", "true class").style.textAlign = "right";
  for (const named of classes) drawName(add(names, "th", ""), named).scope = "col";
  add(names, "th", "axis", "recall").scope = "col";
  const body = add(table, "tbody", "");
  counts.forEach((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const line = add(body, "tr", "");
    const name = drawName(add(line, "th", ""), classes[actual]);
    name.scope = "row";
    add(name, "small", "", `${total.toLocaleString("en")} image${total === 1 ? "" : "s"}`);
    row.forEach((count, predicted) => {
      const share = total ? count / total : 0;
      const cell = add(line, "td", actual === predicted ? "right" : "");
      cell.style.setProperty("--color", classes[actual].color);
      cell.style.setProperty(
        "--tint",
        `color-mix(in srgb, ${classes[actual].color} ${(6 + 46 * share).toFixed(1)}%, transparent)`,
      );
      const content = add(cell, clickable ? "button" : "span", "cell");
      add(content, "b", "", count.toLocaleString("en"));
      add(content, "small", "", `${(100 * share).toFixed(0)}%`);
      if (!clickable) return;
      content.type = "button";
      content.dataset.cell = `${actual}-${predicted}`;
      content.setAttribute("aria-pressed", picked?.[0] === actual && picked?.[1] === predicted);
      content.setAttribute(
        "aria-label",
        `${count} images of ${classes[actual].name}, predicted ${classes[predicted].name}`,
      );
      content.onclick = () => pick([actual, predicted]);
    });
    const recall = add(line, "td", "recall");
    add(recall, "b", "", total ? `${((100 * row[actual]) / total).toFixed(0)}%` : "no image");
    if (recalls[actual]) add(recall, "small", "", recalls[actual]);
  });
  return table;
}

function drawName(header, { name, color }) {
  add(header, "i", "dot").style.background = color;
  header.append(name);
  return header;
}
