//! Every attack has a row, and every row an existing test, or a reason why there is none.

use std::{collections::BTreeSet, fs, path::Path};

const TABLE: &str = include_str!("catalogue.tsv");

/// The beginnings of reasons.
const REASONS: [&str; 3] = ["caller: ", "not here: ", "review: "];

#[test]
fn every_attack_has_a_test_or_a_reason() {
    let groups = [('A', 35), ('B', 39), ('C', 16), ('D', 5), ('E', 10), ('F', 6)];
    let mut missing: BTreeSet<String> =
        groups.iter().flat_map(|&(group, count)| (1..=count).map(move |n| format!("{group}{n}"))).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, what, met] = columns[..] else { panic!("not three columns: {line:?}") };
        assert!(missing.remove(id), "{id} is unknown, or there twice");
        assert!(!what.is_empty());
        if let Some(reason) = met.strip_prefix("- ") {
            assert!(REASONS.iter().any(|known| reason.starts_with(known)), "{id}: {reason:?}");
            continue;
        }
        for test in met.split(',') {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{id}: {test:?}"));
            let file = folder.join(format!("{file}.rs"));
            let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{id}: {file:?}: {error}"));
            // A workload of `tests/work.rs` has its name in a table.
            let found = source.contains(&format!("fn {name}(")) || source.contains(&format!("(\"{name}\","));
            assert!(found, "{id}: there is no {name} in {file:?}");
        }
    }
    assert!(missing.is_empty(), "without a row: {missing:?}");
}
