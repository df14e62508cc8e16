"""The style sheet of report pages, for screens and for printing."""

STYLE = """
:root{--ink:#1f2933;--soft:#5f6b7a;--rule:#d9dee5;--head:#f3f6fa;--link:#0b5c94}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;line-height:1.55;
font-family:"Noto Sans SC","PingFang SC","Microsoft YaHei","Source Han Sans SC",system-ui,
sans-serif}
header,main{max-width:1320px;margin:0 auto;padding:0 32px}
header{padding-top:36px;border-bottom:1px solid var(--rule)}
h1{font-size:30px;font-weight:600;margin:0}
header>p{margin:4px 0 20px;color:var(--soft);font-size:16px}
dl{display:flex;flex-wrap:wrap;gap:8px 36px;margin:0 0 20px}
dt{font-size:12px;color:var(--soft)}dd{margin:0;font-variant-numeric:tabular-nums;word-break:break-all}
nav{display:flex;flex-wrap:wrap;gap:6px 22px;padding-bottom:16px}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h2{font-size:21px;font-weight:600;margin:40px 0 12px}
p{margin:6px 0;max-width:92ch}p b{font-weight:600}
p b a{color:inherit;border-bottom:1px dotted var(--soft)}
p.warning{border-left:3px solid #b42318;padding-left:12px}
p.note{color:var(--soft);font-size:13px}
figure{margin:22px 0;border:1px solid var(--rule);border-radius:8px;overflow-x:auto;background:#fff}
figure svg{display:block;max-width:100%;height:auto;margin:0 auto}
.table{overflow-x:auto;margin:22px 0}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;font-size:16px;padding:0 0 8px}
th{background:var(--head);text-align:left;font-weight:600;color:var(--soft);font-size:12.5px}
th,td{padding:7px 12px;border-bottom:1px solid var(--rule);vertical-align:top}
.figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.missing{color:#8a94a3}tfoot td{font-weight:600;border-top:2px solid var(--ink)}
tbody tr:hover{background:#fafcff}code{font-size:12px;word-break:break-all}
@media print{nav{display:none}figure,tr{break-inside:avoid}header,main{max-width:none;padding:0}}
"""
