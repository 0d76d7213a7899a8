"""The look of the printed sheet: A4, black on white, large type, nothing that colour alone would say."""

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
  margin-bottom: 4mm; white-space: nowrap; }
.head b { font-size: 17pt; } .head .what { flex: 1; font-size: 13pt; overflow: hidden; text-overflow: ellipsis; }
.head .number { font-size: 13pt; }
.head .mark { background: #000; color: #fff; font-weight: bold; padding: 0.6mm 3mm; font-size: 13pt; }
.watermark { position: absolute; inset: 0; display: flex; align-items: center; justify-content: center;
  pointer-events: none; font-size: 112pt; font-weight: bold; letter-spacing: 2mm; color: #000; opacity: 0.10;
  transform: rotate(-52deg); z-index: 2; }
h1 { font-size: 17pt; margin: 0 0 3mm; line-height: 1.15; } h2 { font-size: 15pt; margin: 5mm 0 2mm; }
sub { font-size: 76%; line-height: 0; }
.facts { display: grid; grid-template-columns: repeat(3, 1fr); gap: 2mm; margin-bottom: 4mm; }
.fact { border: 0.4mm solid #000; padding: 1.2mm 2.4mm; } .fact span { display: block; }
.fact .value { font-size: 15pt; font-weight: bold; line-height: 1.2; overflow-wrap: anywhere; }
.map svg { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.sign { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6mm; position: absolute; left: 12mm;
  right: 12mm; bottom: 9mm; }
.sign div { border-bottom: 0.4mm solid #000; height: 13mm; font-size: 11pt; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: normal; }
td, th { padding: 0 1.6mm; vertical-align: middle; }
.list th { border-bottom: 0.5mm solid #000; height: 7mm; } .list td { border-bottom: 0.25mm solid #888; height: 9mm; }
.list .name { font-size: 14pt; font-weight: bold; } .list .amount { font-size: 14pt; }
.amount { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.box { display: inline-block; width: 5.4mm; height: 5.4mm; border: 0.5mm solid #000; vertical-align: middle; }
.tick { width: 8.5mm; padding: 0 0 0 1mm; }
.notes { margin: 0; padding-left: 5mm; } .notes li { margin-bottom: 1.5mm; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm; margin-bottom: 3mm; align-items: start; }
.well { border: 0.5mm solid #000; border-radius: 1.5mm; overflow: hidden; break-inside: avoid; }
.well .top { display: flex; border-bottom: 0.4mm solid #000; }
.well .label { flex: none; width: 20mm; font-size: 23pt; font-weight: bold; line-height: 1; text-align: center;
  border-right: 0.4mm solid #000; display: flex; flex-direction: column; justify-content: center; }
.well .label small { font-size: 11pt; font-weight: normal; margin-top: 0.8mm; }
.well .control { background: #000; color: #fff; }
.well .what { padding: 0.8mm 1.6mm; line-height: 4.9mm; overflow-wrap: anywhere; min-height: 11.5mm; flex: 1; }
.well .what b { white-space: nowrap; }
.well td { border-bottom: 0.25mm solid #888; height: 7.4mm; } .well .name { font-size: 13pt; line-height: 1; overflow-wrap: anywhere; }
.well .amount { font-size: 15pt; font-weight: bold; width: 24mm; } .well .amount small { font-size: 11pt; font-weight: normal; }
.well .written { width: 21mm; border-left: 0.25mm solid #888; }
.well tr:last-child td { border-bottom: 0; } .well .sum td { height: 6.4mm; border-top: 0.4mm solid #000; font-size: 11pt; }
.well .sum .amount { font-size: 11pt; font-weight: normal; }
.expect { border-bottom: 0.25mm solid #888; padding: 1.2mm 0; display: flex; gap: 3mm; line-height: 5mm; }
.expect .label { flex: none; width: 15mm; font-size: 15pt; font-weight: bold; padding-top: 0.5mm; }
.expect .numbers span { display: inline-block; margin-right: 5mm; white-space: nowrap; }
"""
