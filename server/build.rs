//! Puts the built site into release binaries: writes a table of all files below `site/`, with the compressed
//! variants that stand beside them. Debug builds get an empty table and read the folder when they run, so that
//! neither `cargo check` nor `cargo test` needs a site.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    let site = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../site");
    if env::var("PROFILE")? == "release" {
        println!("cargo::rerun-if-changed={}", site.display());
        if site.is_dir() {
            collect(&site, &mut files)?;
            files.sort();
        }
    }
    let table = table(&site, &files)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("site_table.rs"), table)?;
    Ok(())
}

/// All files below `folder` but the hidden ones and the compressed variants.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let variant = path.extension().is_some_and(|ending| ending == "br" || ending == "gz");
        if path.is_dir() {
            collect(&path, files)?;
        } else if !hidden && !variant {
            files.push(path);
        }
    }
    Ok(())
}

fn table(site: &Path, files: &[PathBuf]) -> Result<String, Box<dyn Error>> {
    let mut version = DefaultHasher::new();
    let mut rows = String::new();
    for path in files {
        let name = path.strip_prefix(site)?.to_string_lossy().replace('\\', "/");
        let content = fs::read(path)?;
        let mut hash = DefaultHasher::new();
        content.hash(&mut hash);
        (&name, &content).hash(&mut version);
        writeln!(
            rows,
            "    Embedded {{ name: {name:?}, hash: \"{:016x}\", plain: include_bytes!({path:?}), br: {}, gz: {} }},",
            hash.finish(),
            variant(path, "br"),
            variant(path, "gz"),
        )?;
    }
    let version = if files.is_empty() { String::new() } else { format!("{:016x}", version.finish()) };
    Ok(format!("static VERSION: &str = {version:?};\nstatic FILES: &[Embedded] = &[\n{rows}];\n"))
}

fn variant(path: &Path, ending: &str) -> String {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    if Path::new(&name).is_file() { format!("Some(include_bytes!({name:?}))") } else { "None".to_owned() }
}
