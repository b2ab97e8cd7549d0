//! Builds the shims of the libraries in C++, if a compiler and these libraries are there. If not, the program says so.

fn main() {
    println!("cargo:rustc-check-cfg=cfg(cpp_peers)");
    println!("cargo:rerun-if-changed=cpp");
    #[cfg(feature = "cpp")]
    cpp::build();
}

#[cfg(feature = "cpp")]
mod cpp {
    use std::{env, fs, path::PathBuf};

    const MISSING: &str =
        "there is no C++ compiler, libboost-dev or libwslay-dev: Boost.Beast and wslay are left out";

    pub fn build() {
        if !are_there() {
            println!("cargo:warning={MISSING}");
            return;
        }
        // An error in a shim ends the build.
        compiler().files(["cpp/beast.cpp", "cpp/end.cpp", "cpp/wslay.cpp"]).compile("peers");
        println!("cargo:rustc-link-lib=wslay");
        println!("cargo:rustc-cfg=cpp_peers");
    }

    fn compiler() -> cc::Build {
        let mut build = cc::Build::new();
        build.cpp(true).std("c++17").define("NDEBUG", None);
        build
    }

    /// Whether a file that needs nothing but the headers of both libraries can be compiled.
    fn are_there() -> bool {
        let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
        let probe = directory.join("probe.cpp");
        let source = "#include <cstddef>\n#include <cstdint>\n#include <boost/beast/version.hpp>\n#include <wslay/wslay.h>\n";
        fs::write(&probe, source).expect("the directory can be written");
        compiler().file(probe).cargo_warnings(false).try_compile("probe").is_ok()
    }
}
