//! The programs of the README are the examples, and short. Its code is compiled with the documentation.

/// The most lines of code, without comments.
const PROGRAMS: [(&str, &str, usize); 5] = [
    ("echo", include_str!("../examples/echo.rs"), 30),
    ("client", include_str!("../examples/client.rs"), 60),
    ("rooms", include_str!("../examples/rooms.rs"), 90),
    ("axum", include_str!("../examples/axum.rs"), 30),
    ("hyper", include_str!("../examples/hyper.rs"), 40),
];

#[test]
fn the_readme_has_the_examples_and_they_are_short() {
    let readme = include_str!("../README.md");
    for (name, program, most) in PROGRAMS {
        let code = program.split_once("\n\n").map_or(program, |(_, code)| code);
        assert!(readme.contains(code), "{name} differs");
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let lines = code.lines().filter(is_code).count();
        assert!(lines <= most, "{name} has {lines} lines");
    }
}
