//! The rows of the summary as a drawing: shapes and words, so that nothing depends on color.

use std::fmt::Write as _;

use crate::table::{Row, SHOWN, Table, is_peer};

/// The libraries that have a shape of their own: its outline around the origin. The others share a stroke.
const SHAPES: [(&str, &str, &str); 4] = [
    ("nexus-web", "#0072b2", "M0-5.5 5.5 0 0 5.5-5.5 0Z"),
    ("tokio-websockets", "#d55e00", "M0-5 5.5 4.5H-5.5Z"),
    ("fastwebsockets", "#007a5a", "M0 5 5.5-4.5H-5.5Z"),
    ("tungstenite", "#7a3e9d", "M-4.5-4.5H4.5V4.5H-4.5Z"),
];

const OTHER: (&str, &str) = ("#555555", "M0-5V5");

const WIDTH: f64 = 700.0;
/// Where the scale begins and ends.
const LEFT: f64 = 262.0;
const RIGHT: f64 = 690.0;
const TOP: f64 = 86.0;
/// How high a row is.
const LINE: f64 = 34.0;

/// For each row a line for each profile, and on it each library where its ratio to this crate is, on a logarithmic scale.
pub fn svg(table: &Table) -> String {
    let rows: Vec<&Row> = table.rows.iter().filter(|row| SHOWN.contains(&row.name.as_str())).collect();
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let height = TOP + LINE * rows.len() as f64 + 8.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" \
         fill=\"#1a1a1a\">\n<rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#ffffff\" stroke=\"#999999\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"14\" font-weight=\"bold\">Time for a message, as a multiple of sansocket's</text>\n",
        WIDTH - 1.0,
        height - 1.0
    );
    legend(&mut out);
    for ratio in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0] {
        let (at, color, width) =
            (x(ratio), if ratio == 1.0 { "#1a1a1a" } else { "#cccccc" }, if ratio == 1.0 { 2 } else { 1 });
        let _ = writeln!(
            out,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{}\" stroke=\"{color}\" stroke-width=\"{width}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">×{ratio}</text>",
            height - 8.0,
            TOP - 5.0
        );
    }
    let mut y = TOP + 11.0;
    for row in rows {
        let (what, how) = row.name.rsplit_once(", ").unwrap_or((&row.name, ""));
        let _ = writeln!(
            out,
            "<text x=\"12\" y=\"{}\">{what}</text><text x=\"12\" y=\"{}\" font-size=\"10\" fill=\"#555555\">{how}</text>",
            y + 4.0,
            y + 17.0
        );
        line(&mut out, table, row, &row.cells, y, true);
        line(&mut out, table, row, &row.beside, y + 14.0, false);
        y += LINE;
    }
    out + "</svg>\n"
}

fn legend(out: &mut String) {
    let mut at = 18.0;
    for (name, color, shape) in SHAPES.into_iter().chain([("others", OTHER.0, OTHER.1)]) {
        let _ = writeln!(
            out,
            "<path transform=\"translate({at} 40)\" d=\"{shape}\" fill=\"{color}\" stroke=\"{color}\"/><text x=\"{}\" y=\"44\">{name}</text>",
            at + 10.0
        );
        at += 126.0;
    }
    out.push_str(
        "<text x=\"12\" y=\"64\" fill=\"#555555\">filled: fat LTO</text>\
         <text x=\"12\" y=\"78\" fill=\"#555555\">outlined, below: plain release</text>\n",
    );
}

fn line(out: &mut String, table: &Table, row: &Row, cells: &[Option<(f64, f64)>], y: f64, filled: bool) {
    for (name, cell) in table.names.iter().zip(cells) {
        let (Some((_, ratio)), true) = (cell, is_peer(name, &row.name)) else { continue };
        let known = SHAPES.iter().find(|(known, ..)| known == name);
        let (color, shape) = known.map_or(OTHER, |(_, color, shape)| (*color, *shape));
        let fill = if filled { color } else { "#ffffff" };
        let _ = writeln!(
            out,
            "<path transform=\"translate({:.1} {y})\" d=\"{shape}\" fill=\"{fill}\" stroke=\"{color}\" stroke-width=\"1.5\"/>",
            x(*ratio)
        );
    }
}

/// Where a ratio is: those beyond the scale are at its ends.
fn x(ratio: f64) -> f64 {
    LEFT + (ratio.clamp(0.5, 16.0) / 0.5).log2() / 5.0 * (RIGHT - LEFT - 14.0) + 7.0
}
