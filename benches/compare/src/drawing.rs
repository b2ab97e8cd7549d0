//! The rows of the summary as a drawing: shapes and words, so that nothing depends on color, on a ground of its own, so
//! that nothing depends on the page. Where the page is dark and says so, the ground is.

use std::fmt::Write as _;

use crate::table::{Row, SHOWN, Table, is_peer};

/// The libraries that have a shape of their own: its class, and its outline around the origin. The others share a stroke.
const SHAPES: [(&str, &str, &str); 4] = [
    ("nexus-web", "a", "M0-5.5 5.5 0 0 5.5-5.5 0Z"),
    ("tokio-websockets", "b", "M0-5 5.5 4.5H-5.5Z"),
    ("fastwebsockets", "c", "M0 5 5.5-4.5H-5.5Z"),
    ("tungstenite", "d", "M-4.5-4.5H4.5V4.5H-4.5Z"),
];

const OTHER: (&str, &str) = ("e", "M0-5V5");

/// The colors on light and on dark ground. Small text has a contrast of at least 7 : 1 to its ground, shapes 3 : 1.
const STYLE: &str = "<style>\
svg{--ground:#ffffff;--ink:#1a1a1a;--faint:#4d4d4d;--line:#bbbbbb;--a:#0072b2;--b:#c24f00;--c:#007a5a;--d:#7a3e9d}\
@media(prefers-color-scheme:dark){\
svg{--ground:#161b22;--ink:#f0f0f0;--faint:#bdc4cc;--line:#59616b;--a:#58b0ee;--b:#ff9a4d;--c:#3fcf9f;--d:#cf9bf0}}\
text{fill:var(--ink)}.faint{fill:var(--faint);font-size:10.5px}\
.ground{fill:var(--ground);stroke:var(--line)}.line{stroke:var(--line);stroke-dasharray:1 3}.one{stroke:var(--ink);stroke-width:2}\
.a{--own:var(--a)}.b{--own:var(--b)}.c{--own:var(--c)}.d{--own:var(--d)}.e{--own:var(--faint)}\
path{fill:var(--own);stroke:var(--own);stroke-width:1.5}.outlined{fill:var(--ground)}\
</style>";

const WIDTH: f64 = 700.0;
/// Where the scale begins and ends.
const LEFT: f64 = 262.0;
const RIGHT: f64 = 682.0;
const TOP: f64 = 86.0;
/// How high a row is.
const LINE: f64 = 34.0;

/// For each row a line for each profile, and on it each library where its ratio to this crate is, on a logarithmic scale.
pub fn svg(table: &Table) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| SHOWN.contains(&row.name.as_str())).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let height = TOP + LINE * rows.len() as f64 + 8.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         {STYLE}\n<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"14\" font-weight=\"bold\">Time for a message, as a multiple of sansocket's</text>\n",
        WIDTH - 1.0,
        height - 1.0
    );
    legend(&mut out);
    scale(&mut out, height - 8.0);
    let mut y = TOP + 11.0;
    for row in rows {
        let (what, how) = row.name.rsplit_once(", ").unwrap_or((&row.name, ""));
        let _ = writeln!(
            out,
            "<text x=\"12\" y=\"{}\">{what}</text><text class=\"faint\" x=\"12\" y=\"{}\">{how}</text>",
            y + 4.0,
            y + 17.0
        );
        line(&mut out, table, row, &row.cells, y, "");
        line(&mut out, table, row, &row.beside, y + 14.0, " outlined");
        y += LINE;
    }
    out + "</svg>\n"
}

fn scale(out: &mut String, bottom: f64) {
    for (ratio, label) in [(0.5, "×0.5"), (1.0, "×1"), (2.0, "×2"), (4.0, "×4"), (8.0, "×8"), (16.0, "≥ ×16")]
    {
        let (at, class) = (x(ratio), if ratio == 1.0 { "one" } else { "line" });
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            TOP - 5.0
        );
    }
    let _ = writeln!(
        out,
        "<text class=\"faint\" x=\"{:.1}\" y=\"{y}\" text-anchor=\"end\">← faster</text>\
         <text class=\"faint\" x=\"{:.1}\" y=\"{y}\">slower than sansocket →</text>",
        x(1.0) - 6.0,
        x(1.0) + 6.0,
        y = TOP - 22.0
    );
}

fn legend(out: &mut String) {
    let mut at = 18.0;
    for (name, class, shape) in SHAPES.into_iter().chain([("each of the others", OTHER.0, OTHER.1)]) {
        let _ = writeln!(
            out,
            "<path class=\"{class}\" transform=\"translate({at} 40)\" d=\"{shape}\"/><text x=\"{}\" y=\"44\">{name}</text>",
            at + 11.0
        );
        // A letter has 7 units on average.
        at += 42.0 + 7.0 * f64::from(u8::try_from(name.len()).unwrap_or(u8::MAX));
    }
    out.push_str(
        "<text class=\"faint\" x=\"12\" y=\"64\">filled: fat LTO</text>\
         <text class=\"faint\" x=\"12\" y=\"78\">outlined, below: plain release</text>\n",
    );
}

fn line(out: &mut String, table: &Table, row: &Row, cells: &[Option<(f64, f64)>], y: f64, style: &str) {
    for (name, cell) in table.names.iter().zip(cells) {
        let (Some((_, ratio)), true) = (cell, is_peer(name, &row.name)) else { continue };
        let known = SHAPES.iter().find(|(known, ..)| known == name);
        let (class, shape) = known.map_or(OTHER, |(_, class, shape)| (*class, *shape));
        let _ = writeln!(
            out,
            "<path class=\"{class}{style}\" transform=\"translate({:.1} {y})\" d=\"{shape}\"/>",
            x(*ratio)
        );
    }
}

/// Where a ratio is: those beyond the scale are at its ends.
fn x(ratio: f64) -> f64 {
    LEFT + (ratio.clamp(0.5, 16.0) / 0.5).log2() / 5.0 * (RIGHT - LEFT - 14.0) + 7.0
}
