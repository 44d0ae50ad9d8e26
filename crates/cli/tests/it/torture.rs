//! `trunkline torture` itself: a few kills end well, a folder in use is refused. The long run is CI's.

use serde_json::Value;

use crate::client::trunkline;

#[test]
fn a_few_kills_break_no_promise() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("torture");
    let folder = folder.to_str().unwrap();
    let arguments = ["torture", "--dir", folder, "--minutes", "1", "--kills", "5", "--seed", "7", "--json"];
    let output = trunkline(&arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(report["kept"], true, "{report}");
    assert!(report["kills"].as_u64().unwrap() >= 5, "{report}");
    assert!(report["acknowledged"].as_u64().unwrap() > 0, "or nothing was at stake: {report}");
    assert_eq!(report["drained"], 1, "{report}");

    // The folder holds its data and its journal now, and a second torture leaves them alone.
    let output = trunkline(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not empty"), "{output:?}");
}
