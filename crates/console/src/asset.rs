//! The files that pages load: styles, modules, the icon; embedded, named by their content, compressed once.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::address::HOME;

/// A file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its name with a part of its content's hash, for example `console.0123abcd.css`.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The same compressed with gzip.
    pub gzip: Vec<u8>,
}

/// Name, media type, text. A module that imports another names it by its plain name, which becomes the hashed one: those that
/// are imported stand before those that import them.
const FILES: &[(&str, &str, &str)] = &[
    ("console.css", "text/css; charset=utf-8", include_str!("../assets/console.css")),
    ("icon.svg", "image/svg+xml", include_str!("../assets/icon.svg")),
    ("dom.js", MODULE, include_str!("../assets/dom.js")),
    ("verbs.js", MODULE, include_str!("../assets/verbs.js")),
    ("keys.js", MODULE, include_str!("../assets/keys.js")),
    ("events.js", MODULE, include_str!("../assets/events.js")),
    ("stream.js", MODULE, include_str!("../assets/stream.js")),
    ("console.js", MODULE, include_str!("../assets/console.js")),
];

const MODULE: &str = "text/javascript; charset=utf-8";

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut made: Vec<(&str, Asset)> = Vec::new();
    for (plain, media_type, text) in FILES {
        let mut text = (*text).to_owned();
        for (other, asset) in &made {
            text = text.replace(&format!("\"./{other}\""), &format!("\"./{}\"", asset.name));
        }
        made.push((plain, asset(plain, media_type, text.into_bytes())));
    }
    made.into_iter().map(|(_, asset)| asset).collect()
});

fn asset(plain: &str, media_type: &'static str, bytes: Vec<u8>) -> Asset {
    let hash: String = Sha256::digest(&bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((plain, ""));
    Asset { name: format!("{stem}.{hash}.{ending}"), media_type, gzip: gzip(&bytes), bytes }
}

/// Bytes compressed with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    // Writing to a Vec cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// All of them.
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The file of a hashed name.
pub fn named(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// The path of the file with this plain name.
pub(crate) fn path(plain: &str) -> String {
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let is_it = |asset: &&Asset| {
        let rest = asset.name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
        rest.and_then(|rest| rest.split_once('.')).is_some_and(|(_, found)| found == ending)
    };
    let name = ASSETS.iter().find(is_it).map_or(plain, |asset| asset.name.as_str());
    format!("{HOME}assets/{name}")
}

#[cfg(test)]
mod tests {
    use super::{FILES, all, path};

    #[test]
    fn each_is_found_by_its_plain_name_and_imports_by_the_hashed_one() {
        for (plain, _, _) in FILES {
            let name = path(plain);
            let name = name.rsplit('/').next().unwrap();
            let asset = super::named(name).unwrap();
            let text = String::from_utf8(asset.bytes.clone()).unwrap();
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let from = line.rsplit('"').nth(1).unwrap().trim_start_matches("./");
                assert!(super::named(from).is_some(), "{plain} imports {from}");
            }
        }
    }

    #[test]
    fn they_weigh_little_and_hold_no_foreign_address() {
        let weight: usize = all().iter().map(|asset| asset.gzip.len()).sum();
        assert!(weight < 40 << 10, "{weight} bytes");
        for (plain, _, text) in FILES {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(
                !text.contains("://") && !text.contains("innerHTML") && !text.contains("eval("),
                "{plain}"
            );
        }
    }
}
