"""How the report looks, on a screen, on a phone and on paper."""

STYLE = """
:root { color-scheme: light; --ink: #10191d; --soft: #56646b; --line: #d5dde0; --pale: #f3f6f7;
  --teal: #0b6477; --warn: #8a3b00; --warm: #fff6ec }
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; print-color-adjust: exact;
  -webkit-print-color-adjust: exact }
body { margin: 0; color: var(--ink); background: #fff; font: 15px/1.5 system-ui, -apple-system,
  "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums }
main, footer { max-width: 860px; margin: 0 auto; padding: 0 24px }
header { padding: 34px 0 6px; border-bottom: 3px solid var(--teal) }
.kind { margin: 0; color: var(--teal); font-weight: 650; font-size: 13px;
  letter-spacing: .04em; text-transform: uppercase }
h1 { margin: 2px 0 4px; font-size: 28px; line-height: 1.2; font-weight: 680 }
.facts { max-width: none; margin: 0 0 10px; color: var(--soft); font-size: 13.5px }
.facts span:not(:last-child)::after { content: " · " }
.verdict { max-width: none; margin: 18px 0 10px; font-size: 19px; line-height: 1.4;
  font-weight: 560 }
section { margin: 30px 0 0 }
h2 { margin: 0 0 8px; padding-bottom: 4px; font-size: 18px; font-weight: 660;
  border-bottom: 1px solid var(--line); break-after: avoid }
h3 { margin: 18px 0 6px; font-size: 15px; font-weight: 640; break-after: avoid }
p { margin: 6px 0; max-width: 80ch }
.note { color: var(--soft); font-size: 13.5px }
.stop { margin: 12px 0; padding: 9px 14px; border-left: 4px solid var(--warn);
  background: var(--warm); border-radius: 0 6px 6px 0 }
ul { margin: 6px 0; padding-left: 20px; max-width: 84ch }
li { margin: 3px 0 }
.wide { overflow-x: auto }
h1, h2, p, li, figcaption, td:not(.n) { overflow-wrap: anywhere }  /* long names of files */
.matrix td, td small { overflow-wrap: normal }
table { border-collapse: collapse; font-size: 14px; break-inside: avoid }
table.long { break-inside: auto }
table.full { width: 100% }
th, td { padding: 5px 12px 5px 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line) }
thead th { color: var(--soft); font-size: 12.5px; font-weight: 600; border-bottom-color: #9fb0b7;
  vertical-align: bottom }
tbody th { font-weight: 560 }
td.n, th.n { text-align: right; white-space: nowrap }
td small { display: block; color: var(--soft); font-size: 12px }
tr.base td, tr.base th { color: var(--soft) }
tr { break-inside: avoid }
td.changed { font-weight: 640; color: var(--teal) }
.matrix { margin: 6px 0 }
.matrix th, .matrix td { border: 1px solid #fff; padding: 8px 12px; text-align: center }
.matrix thead th { border: 0; vertical-align: bottom; max-width: 150px }
.matrix tbody th { border: 0; text-align: right; max-width: 190px; padding-left: 0 }
.matrix td b { display: block; font-size: 17px; font-weight: 650 }
.matrix td small { color: inherit; opacity: .85 }
.sides > div { min-width: 0; max-width: 100% }
.sides h3 { margin-top: 0 }
.sides { display: flex; flex-wrap: wrap; gap: 8px 30px; align-items: flex-start }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 18px 22px }
figure { margin: 0; break-inside: avoid }
figure.whole { grid-column: 1 / -1; margin-top: 14px }
figure img { width: 100%; height: auto; display: block }
figcaption { margin: 0 0 4px; font-size: 14px; font-weight: 620 }
figcaption small { display: block; font-weight: 400; color: var(--soft); font-size: 12.5px }
.settings { columns: 2; column-gap: 40px }
.settings table { width: 100% }
footer { margin-top: 34px; padding-top: 12px; padding-bottom: 30px; color: var(--soft);
  font-size: 13px; border-top: 1px solid var(--line) }
@media (max-width: 640px) {
  main, footer { padding-left: 14px; padding-right: 14px }
  header { padding-top: 20px }
  h1 { font-size: 23px }
  .verdict { font-size: 17px }
  .pair { grid-template-columns: 1fr }
  .settings { columns: 1 }
  th, td { padding-right: 9px }
  .matrix th, .matrix td { padding: 7px 8px }
}
@page { size: A4; margin: 16mm 15mm }
@media print {
  body { font-size: 10pt }
  main, footer { max-width: none; padding: 0 }
  header { padding-top: 0 }
  section { margin-top: 20px }
  .wide { overflow: visible }
  h1 { font-size: 19pt }
  .verdict { font-size: 13pt }
  table { font-size: 8.5pt }
  th, td { padding-right: 8px }
  td small { font-size: 7.5pt }
}
"""
