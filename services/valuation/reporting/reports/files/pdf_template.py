"""The Typst template of report pages; it reads the document's values from `sys.inputs`."""

TEMPLATE = r"""
#let doc = json(bytes(sys.inputs.document))
#let ink = rgb("#1F2933")
#let soft = rgb("#5F6B7A")
#let rule = rgb("#D9DEE5")
#let accent = rgb("#075985")
#let shade = rgb("#F3F6FA")

#set document(title: doc.title + " " + doc.period, author: "BTIM")
#set page(
  paper: "a4", flipped: true, margin: (x: 1.6cm, top: 1.6cm, bottom: 1.5cm),
  footer: context [
    #set text(size: 7.5pt, fill: soft)
    #doc.title #h(0.6em) #doc.period
    #h(1fr)
    #counter(page).display() / #counter(page).final().first()
  ],
)
#set text(
  font: "Noto Sans SC", size: 9.5pt, fill: ink, lang: doc.language, region: doc.region,
  ligatures: false,
)
#set par(leading: 0.72em, justify: false)
#show heading: it => text(weight: "regular", fill: ink, it)
#show heading.where(level: 1): set text(size: 16pt)
#show heading.where(level: 2): set text(size: 11.5pt)

#let linked(it, body) = if it.href == none { body } else { link(it.href, body) }
// One weight of the font is shipped, and thickened Chinese smears: figures stand out by colour.
#let figure-text(body) = text(fill: accent, body)

#let data-table(data, size: 8.3pt) = {
  // Many columns (a year of months) must still fit between the margins.
  let wide = data.columns.len() > 10
  set text(size: if wide { calc.min(size, 6pt) } else { size })
  let columns = data.columns.map(c => if c.fits { auto } else { 1fr })
  let sides = data.columns.map(c => if c.right { right } else { left })
  let cell-of(c) = linked(c, text(fill: if c.soft { soft } else { ink }, c.text))
  // A short table stays on one page, so that its total never stands alone on the next.
  block(above: 1.9em, below: 1.3em, width: 100%, breakable: data.rows.len() > 14)[
    #if data.title != "" [#heading(level: 2, outlined: false, data.title) #v(0.35em)]
    #table(
      columns: columns, align: sides, stroke: (x, y) => (bottom: 0.4pt + rule),
      inset: (x: if wide { 2.5pt } else { 6pt }, y: 4.2pt),
      table.header(..data.columns.map(c => table.cell(
        fill: shade, text(fill: soft, c.label),
      ))),
      ..data.rows.flatten().map(cell-of),
      ..if data.totals == none { () } else {
        data.totals.map(c => table.cell(
          fill: shade, stroke: (top: 0.8pt + ink, bottom: none), cell-of(c),
        ))
      },
    )
    #if data.note != "" { text(size: 7.5pt, fill: soft, data.note) }
  ]
}

#text(size: 24pt, doc.title)
#v(-0.55em)
#text(size: 12pt, fill: soft, doc.subtitle)
#v(0.3em)
#grid(
  columns: (auto, auto, auto, 1fr), column-gutter: 2.4em, row-gutter: 0.8em,
  ..doc.facts.map(f => [
    #text(size: 7.5pt, fill: soft, f.label) \
    #linked(f.value, text(size: 9.5pt, f.value.text))
  ]),
)
#line(length: 100%, stroke: 0.6pt + rule)

#for (number, section) in doc.sections.enumerate() {
  heading(level: 1, section.title)
  v(0.3em)
  for said in section.sentences {
    let words = said.parts.map(p => {
      if p.figure { linked(p, figure-text(p.text)) } else { p.text }
    }).join()
    let bar = if said.kind == "warning" { 2pt + rgb("#B42318") } else { none }
    let tone = if said.kind == "note" { soft } else { ink }
    block(
      stroke: (left: bar), inset: (left: if bar == none { 0pt } else { 8pt }), below: 0.75em,
      text(fill: tone, words),
    )
  }
  for picture in section.pictures {
    block(width: 100%, breakable: false, above: 1em, align(center, layout(size => {
      let drawing = image(bytes(picture.svg), format: "svg", alt: picture.words)
      let natural = measure(drawing)
      // As wide as the page, unless that would make it taller than one page.
      let scale = calc.min(size.width / natural.width, 16.2cm / natural.height, 1.05)
      image(
        bytes(picture.svg), format: "svg", alt: picture.words, width: natural.width * scale,
      )
    })))
  }
  for data in section.tables { data-table(data) }
}

#heading(level: 1, doc.sources.title)
#data-table((..doc.sources, title: ""), size: 6pt)
"""
