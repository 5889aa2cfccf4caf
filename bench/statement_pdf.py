"""Statements with WeasyPrint: the content of crates/yui-print/examples/statement_speed.rs, tagged (pdf/ua-1).

statement_pdf.py DOCUMENTS [FILE]: no two with the same data; the last one goes to FILE.
"""

import sys

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

STYLE = """
@page { size: A4; margin: 17mm 15mm 19mm;
  @bottom-left { content: string(foot); font: 7pt "BIZ UDPGothic"; color: #4d4d52 }
  @bottom-right { content: counter(page) " ⁄ " counter(pages); font: 7pt "BIZ UDPGothic"; color: #4d4d52 } }
body { font: 8.5pt/1.6 "BIZ UDPGothic", "Noto Sans CJK JP"; color: #1a1a1c; string-set: foot attr(data-foot) }
h1 { font-size: 19pt; margin: 0 0 8mm }
.head { display: flex; justify-content: space-between; margin-bottom: 7mm }
dl { display: grid; grid-template-columns: auto 1fr; gap: 3mm 6mm; margin: 0 } dt { font-size: 8pt; color: #4d4d52 }
dd { margin: 0; white-space: nowrap } .insured { font-size: 13pt; font-weight: bold }
.paid { background: #f4f5fb; border-radius: 2.5mm; padding: 5mm 6mm } .paid b { display: block; font-size: 21pt }
.unit, small { font-size: 7pt; color: #4d4d52 } .unit { text-align: right }
table { width: 100%; border-collapse: collapse } th, td { padding: 1.9mm 1.5mm; text-align: left; vertical-align: top; line-height: 1.25 }
thead th { font-size: 8pt; border-top: .8pt solid; border-bottom: .8pt solid } tbody td { border-bottom: .4pt solid #d0d0d4 }
tfoot { display: table-row-group } tfoot th, tfoot td { font-weight: bold; border-top: .8pt solid; border-bottom: .8pt solid }
.n { text-align: right } td.self { font-weight: bold } tr { break-inside: avoid } ul { font-size: 8pt; color: #4d4d52 }
"""

HEAD = ("診療年月", "受診者", "医療機関・薬局など<br><small>診療区分／日数（回数）</small>")
AMOUNTS = ("医療費総額", "保険者負担額", "公費負担額", "自己負担額")


def statement(number, rows=30):
    lines, sums = [], [0, 0, 0, 0]
    for line in range(rows):
        total = 1_230 + (number * 7_919 + line * 104_729) % 98_000
        public = 1_000 if line % 7 == 0 else 0
        self_pay = total * 3 // 10 - public * 3 // 10
        amounts = (total, total - public - self_pay, public, self_pay)
        sums = [a + b for a, b in zip(sums, amounts)]
        patient = ("太郎", "花子", "一郎")[line % 3]
        cells = "".join(f'<td class="n{" self" if at == 3 else ""}">{amount:,}</td>' for at, amount in enumerate(amounts))
        lines.append(
            f"<tr><td>2025/{1 + line * 12 // rows:02}</td><td>テスト {patient}</td>"
            f"<td>みほん{number % 9_973}第{line + 1}クリニック<br><small>通院／{1 + (number + line) % 9}日</small></td>{cells}</tr>"
        )
    head = "".join(f'<th scope="col">{name}</th>' for name in HEAD)
    head += "".join(f'<th scope="col" class="n">{name}</th>' for name in AMOUNTS)
    total = "".join(f'<td class="n">{amount:,}</td>' for amount in sums)
    insured = f"テスト 太郎{number}"
    foot = f"みほん健康保険組合　2025年の医療費明細　{insured} 様"
    return f"""<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>2025年の医療費明細</title></head>
<body data-foot="{foot}"><h1>2025年の医療費明細</h1>
<div class="head"><dl><dt>被保険者</dt><dd><span class="insured">{insured}</span> 様</dd>
<dt>対象期間</dt><dd>2025年1月から2025年12月まで</dd><dt>保険者</dt><dd>みほん健康保険組合</dd>
<dt>発行日</dt><dd>2026年2月9日</dd></dl>
<div class="paid">自己負担額の合計<b>{sums[3]:,}<small>円</small></b>{rows}件</div></div>
<p class="unit">金額の単位：円</p>
<table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody>
<tfoot><tr><th scope="row" colspan="3">合計</th>{total}</tr></tfoot></table>
<p>ご注意</p><ul><li>窓口で支払った額とは、端数処理や公費、高額療養費の払い戻しのために異なることがあります。</li></ul>
</body></html>"""


fonts = FontConfiguration()
style = CSS(string=STYLE, font_config=fonts)


def render(number):
    return HTML(string=statement(number)).write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1")


pdf = render(0)
for number in range(1, int(sys.argv[1]) + 1):
    pdf = render(number)
if len(sys.argv) > 2:
    open(sys.argv[2], "wb").write(pdf)
