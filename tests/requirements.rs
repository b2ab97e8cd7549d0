//! The table of requirements and the tests that meet them: no row is missing, doubled, or without its test.
//!
//! `tests/requirements/rfc6455.tsv` explains the columns, and how to add a row.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

const TABLES: [&str; 6] = [
    include_str!("requirements/rfc6455.tsv"),
    include_str!("requirements/rfc7692.tsv"),
    include_str!("requirements/http.tsv"),
    include_str!("requirements/extended_connect.tsv"),
    include_str!("requirements/others.tsv"),
    include_str!("requirements/legacy.tsv"),
];

/// How many rows each document has, and for how many of them there is no test but a reason.
const COUNTS: [(&str, usize, usize); 16] = [
    ("H75", 8, 0),
    ("H76", 16, 0),
    ("HY8", 10, 0),
    ("IANA", 15, 0),
    ("L", 57, 1),
    ("R3629", 1, 0),
    ("R6454", 1, 0),
    ("R6455", 289, 25),
    ("R7692", 68, 4),
    ("R7936", 1, 0),
    ("R8307", 1, 0),
    ("R8441", 15, 4),
    ("R9110", 20, 0),
    ("R9112", 23, 0),
    ("R9220", 4, 1),
    ("WHATWG", 33, 0),
];

/// The beginnings of reasons.
const REASONS: [&str; 5] = ["type: ", "not observable: ", "caller: ", "later feature: ", "not ours: "];

/// The maximum length of the text of a row.
const MAX_SUMMARY_LEN: usize = 100;

struct Row {
    id: &'static str,
    section: &'static str,
    summary: &'static str,
    met: Met,
}

/// How a requirement is met.
enum Met {
    /// File and test.
    By(Vec<(&'static str, &'static str)>),
    Otherwise(&'static str),
}

fn rows() -> Vec<Row> {
    TABLES.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')).map(row).collect()
}

fn row(line: &'static str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let [id, section, summary, met] = columns[..] else { panic!("not four columns: {line:?}") };
    let met = match met.strip_prefix("- ") {
        Some(reason) => Met::Otherwise(reason),
        None => Met::By(
            met.split(',')
                .map(|test| {
                    test.split_once("::").unwrap_or_else(|| panic!("{id}: {test:?} is not a file::test"))
                })
                .collect(),
        ),
    };
    Row { id, section, summary, met }
}

/// The document of an id, if it is one: its name stands in front of the first hyphen, or is the L of L01 to
/// L57.
fn document(id: &str) -> Option<&'static str> {
    let is_rule = |rest: &str| rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let rule = id.split_at_checked(1).filter(|(name, rest)| *name == "L" && is_rule(rest));
    let (name, rest) = rule.or_else(|| id.split_once('-'))?;
    let (known, ..) = COUNTS.iter().find(|(known, ..)| *known == name)?;
    (!rest.is_empty()).then_some(known)
}

/// All ids in a text. An asterisk at the end selects a group.
fn ids(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '*')))
        .map(|word| word.trim_end_matches(['.', '-']))
        .filter(|word| document(word).is_some())
        .collect()
}

/// A file of tests: the text of each test, and the text outside of tests, such as tables.
#[derive(Default)]
struct TestFile {
    tests: BTreeMap<String, String>,
    outside: String,
}

impl TestFile {
    /// A test begins after `#[test]`, and ends with a brace that is indented like its beginning.
    fn parse(source: &str) -> Self {
        let mut file = Self::default();
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let Some(indent) = line.strip_suffix("#[test]") else {
                file.outside += line;
                file.outside.push('\n');
                continue;
            };
            let end = format!("{indent}}}");
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != end).collect();
            let text = text.join("\n");
            let name = text.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).unwrap().0;
            file.tests.insert(name.to_owned(), text.clone());
        }
        file
    }
}

/// The files of tests by name, and the shared files.
fn files() -> BTreeMap<String, TestFile> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut files = BTreeMap::new();
    for folder in [tests.clone(), tests.join("common")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&tests).unwrap().with_extension("");
                let source = fs::read_to_string(&path).unwrap();
                files.insert(name.to_str().unwrap().to_owned(), TestFile::parse(&source));
            }
        }
    }
    files
}

#[test]
fn every_row_is_well_formed_and_no_id_comes_twice() {
    let mut seen = BTreeSet::new();
    for Row { id, section, summary, met } in rows() {
        assert!(seen.insert(id), "{id} comes twice");
        assert_eq!(ids(id), BTreeSet::from([id]), "{id:?} is not an id");
        assert!(!section.is_empty(), "{id} has no section");
        assert!((1..=MAX_SUMMARY_LEN).contains(&summary.chars().count()), "{id}: {summary:?}");
        for text in [section, summary] {
            assert_eq!(text.trim(), text, "{id}: white space around {text:?}");
        }
        if let Met::Otherwise(reason) = met {
            let known =
                REASONS.iter().any(|kind| reason.strip_prefix(kind).is_some_and(|rest| !rest.is_empty()));
            assert!(known, "{id}: {reason:?} begins with none of {REASONS:?}");
        }
    }
}

#[test]
fn no_row_has_been_lost() {
    let mut counts = COUNTS.map(|(document, ..)| (document, 0, 0));
    for row in rows() {
        let document = document(row.id).unwrap();
        let (_, all, without) = counts.iter_mut().find(|(name, ..)| *name == document).unwrap();
        *all += 1;
        *without += usize::from(matches!(row.met, Met::Otherwise(_)));
    }
    assert_eq!(counts, COUNTS, "document, rows, rows without a test");
}

#[test]
fn every_test_that_a_row_names_exists_and_carries_its_id() {
    let files = files();
    for Row { id, met, .. } in rows() {
        let Met::By(tests) = met else { continue };
        for (file, test) in tests {
            let source = files.get(file).unwrap_or_else(|| panic!("{id}: there is no tests/{file}.rs"));
            let text = source.tests.get(test).unwrap_or_else(|| panic!("{id}: no test {file}::{test}"));
            let carried = ids(text).contains(id) || ids(&source.outside).contains(id);
            assert!(carried, "{file}::{test} does not carry {id}");
        }
    }
}

#[test]
fn every_id_in_a_test_has_a_row() {
    let known: BTreeSet<&str> = rows().iter().map(|row| row.id).collect();
    for (name, TestFile { tests, outside }) in files() {
        for text in tests.values().chain([&outside]) {
            for id in ids(text) {
                let is_known = match id.strip_suffix('*') {
                    Some(group) => known.iter().any(|id| id.starts_with(group)),
                    None => known.contains(id),
                };
                assert!(is_known, "tests/{name}.rs: there is no row for {id}");
            }
        }
    }
}
