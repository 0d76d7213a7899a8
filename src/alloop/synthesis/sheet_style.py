"""The look of the printed sheet: A4, black on white, large type, nothing that colour alone would say.

The heights that :mod:`alloop.synthesis.sheet_parts` reckons with follow from the sizes here.
"""

STYLE = """
@page { size: A4 portrait; margin: 0; }
* { box-sizing: border-box; }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; background: #ddd; color: #000;
  font: 11pt/1.25 "Liberation Sans", Arial, Helvetica, "DejaVu Sans", sans-serif; }
.page { position: relative; width: 210mm; height: 296.8mm; padding: 8mm 12mm; margin: 5mm auto;
  background: #fff; overflow: hidden; break-after: page; break-inside: avoid; }
.page:last-child { break-after: auto; }
@media print { body { background: #fff; } .page { margin: 0; } }

.head { display: flex; align-items: baseline; gap: 4mm; height: 10mm; border-bottom: 0.7mm solid #000;
  margin-bottom: 4mm; white-space: nowrap; font-size: 13pt; }
.head b { font-size: 17pt; overflow: hidden; text-overflow: ellipsis; }
.head .long { font-size: 12pt; }
.head .count { flex: none; }
.head .what { flex: 1; overflow: hidden; text-overflow: ellipsis; }
.head .mark { flex: none; background: #000; color: #fff; font-weight: bold; padding: 0.6mm 3mm; }
.watermark { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center;
  pointer-events: none; font-size: 112pt; font-weight: bold; letter-spacing: 2mm; opacity: 0.1;
  transform: rotate(-52deg); z-index: 2; }

h2 { font-size: 15pt; margin: 5mm 0 2mm; line-height: 1.15; }
p { margin: 0 0 3mm; }
sub { font-size: 80%; line-height: 0; vertical-align: -0.22em; }
sup { font-size: 80%; line-height: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(41mm, 1fr)); gap: 2mm;
  margin-bottom: 3mm; }
.fact { border: 0.4mm solid #000; padding: 1mm 2.4mm; }
.fact span { display: block; }
.fact .value { font-size: 15pt; font-weight: bold; line-height: 1.2; overflow-wrap: anywhere; }
.cover { display: flex; flex-direction: column; height: 266mm; }
.map { flex: 1; min-height: 0; }
.map svg { display: block; width: 100%; height: 100%; max-height: 232mm; }
.sign { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6mm; }
.sign div { border-bottom: 0.4mm solid #000; height: 12mm; }

table { border-collapse: collapse; width: 100%; }
td, th { padding: 0 1.6mm; vertical-align: middle; }
th { text-align: left; font-weight: normal; }
.amount { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.tick { width: 8.5mm; padding: 0 0 0 1.2mm; }
.box { display: block; width: 5.4mm; height: 5.4mm; border: 0.5mm solid #000; }
.list th { border-bottom: 0.5mm solid #000; height: 7mm; }
.list td { border-bottom: 0.25mm solid #888; height: 9mm; font-size: 14pt; }
.list .name { font-weight: bold; }
.list .note { font-size: 11pt; line-height: 1.1; }
.notes { margin: 0; padding-left: 5mm; font-size: 12pt; line-height: 5.2mm; }
.notes li { margin-bottom: 1.6mm; }

.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm; margin-bottom: 3mm; align-items: start; }
.well { border: 0.5mm solid #000; border-radius: 1.5mm; overflow: hidden; }
.well .top { display: flex; border-bottom: 0.4mm solid #000; min-height: 12.4mm; }
.well .label { flex: none; width: 20mm; font-size: 23pt; font-weight: bold; line-height: 0.9;
  text-align: center; border-right: 0.4mm solid #000; display: flex; flex-direction: column;
  justify-content: center; }
.well .label small { font-size: 11pt; font-weight: normal; line-height: 1.1; }
.well .control { background: #000; color: #fff; }
.well .what { padding: 0.6mm 1.6mm; font-size: 12pt; line-height: 5.2mm; flex: 1; align-self: center; }
.well td { border-bottom: 0.25mm solid #888; height: 7.2mm; line-height: 1; }
.well .name { font-size: 14pt; }
.well .amount { font-size: 15pt; font-weight: bold; width: 25mm; }
.well .written { width: 20mm; border-left: 0.25mm solid #888; }
.well .sum td { border-top: 0.4mm solid #000; border-bottom: 0; line-height: 5mm; height: 6.4mm; }
.well .sum .amount { font-size: 12pt; font-weight: normal; }

.expect { border-bottom: 0.25mm solid #888; padding: 1.2mm 0; display: flex; gap: 3mm; line-height: 5mm; }
.expect .label { flex: none; width: 15mm; font-size: 15pt; font-weight: bold; padding-top: 0.5mm; }
.expect .numbers span { display: inline-block; margin-right: 5mm; white-space: nowrap; }
"""
