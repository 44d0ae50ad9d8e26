//! Readers and writers of map runs, over folders that stand for buckets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use asl::writer::File;
use serde_json::{Value, json};
use states::buckets::{Folders, Object};

use crate::house::House;

/// Buckets in memory: `data` for reading, `out` for writing.
#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, String>>);

impl Folders for Memory {
    fn has(&self, bucket: &str) -> bool {
        matches!(bucket, "data" | "out")
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn read(&self, bucket: &str, key: &str) -> Result<String, String> {
        let files = self.0.lock().unwrap();
        files.get(&format!("{bucket}/{key}")).cloned().ok_or_else(|| format!("no {key}"))
    }

    fn list(&self, bucket: &str, prefix: &str) -> Result<Vec<Object>, String> {
        let (files, start) = (self.0.lock().unwrap(), format!("{bucket}/{prefix}"));
        let found = files.iter().filter(|(key, _)| key.starts_with(&start));
        let object = |(key, text): (&String, &String)| Object {
            key: key.split_once('/').unwrap().1.to_owned(),
            size: text.len() as u64,
            modified_s: 1_700_000_000,
        };
        Ok(found.map(object).collect())
    }

    fn write(&self, bucket: &str, file: &File) -> Result<(), String> {
        self.0.lock().unwrap().insert(format!("{bucket}/{}", file.key), file.text.clone());
        Ok(())
    }
}

fn with_files(files: &[(&str, &str)]) -> (House, Arc<Memory>) {
    let house = House::new();
    let files = files.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    let memory = Arc::new(Memory(Mutex::new(files)));
    house.states.set_folders(memory.clone());
    (house, memory)
}

/// A distributed Map of a state that fails for the item `bad`.
fn map(more: &Value) -> Value {
    let mut map = json!({"Type": "Map", "Label": "L", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C", "States": {
            "C": {"Type": "Choice", "Choices": [{"Variable": "$", "StringEquals": "bad", "Next": "F"}], "Default": "P"},
            "F": {"Type": "Fail", "Error": "Bad", "Cause": "it is"}, "P": {"Type": "Pass", "End": true}}}});
    for (name, value) in more.as_object().unwrap() {
        map[name] = value.clone();
    }
    json!({"StartAt": "M", "States": {"M": map}})
}

fn outcome(house: &mut House, definition: &Value, input: &Value) -> Value {
    let machine = house.machine("m", definition);
    let execution = house.start(&machine, "one", input);
    house.run();
    house.describe(&execution)
}

fn reader(key: &str, config: &Value) -> Value {
    map(&json!({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": "data", "Key": key}, "ReaderConfig": config}}))
}

#[test]
fn readers_give_the_items_of_files() {
    let inventory = json!({"sourceBucket": "s", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{"key": "rows.csv", "size": 8}]});
    let manifest = inventory.to_string();
    let files = [
        ("data/a.json", r#"[{"n": 1}, {"n": 2}]"#),
        ("data/b.jsonl", "{\"n\": 1}\n{\"n\": 2}\n"),
        ("data/c.csv", "n,m\n1,x\n2,y\n"),
        ("data/rows.csv", "s,k1\ns,k2\n"),
        ("data/manifest.json", manifest.as_str()),
    ];
    let cases = [
        ("a.json", json!({"InputType": "JSON"}), json!([{"n": 1}, {"n": 2}])),
        ("a.json", json!({"InputType": "JSON", "MaxItems": 1}), json!([{"n": 1}])),
        ("b.jsonl", json!({"InputType": "JSONL"}), json!([{"n": 1}, {"n": 2}])),
        (
            "c.csv",
            json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
            json!([{"n": "1", "m": "x"}, {"n": "2", "m": "y"}]),
        ),
        (
            "manifest.json",
            json!({"InputType": "MANIFEST"}),
            json!([{"Bucket": "s", "Key": "k1"}, {"Bucket": "s", "Key": "k2"}]),
        ),
    ];
    for (key, config, wanted) in cases {
        let (mut house, _) = with_files(&files);
        let described = outcome(&mut house, &reader(key, &config), &json!({}));
        let output: Value = serde_json::from_str(described["output"].as_str().unwrap_or("null")).unwrap();
        assert_eq!(output, wanted, "{key} {config}: {described}");
    }
    let (mut house, _) = with_files(&files);
    let described = outcome(&mut house, &reader("gone", &json!({})), &json!({}));
    assert_eq!(described["error"], "States.ItemReaderFailed", "{described}");
}

#[test]
fn a_list_gives_objects_or_what_is_in_them() {
    let list = |more: Value| {
        let mut reader = json!({"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "data", "Prefix": "in/"}});
        reader["ReaderConfig"] = more;
        map(&json!({"ItemReader": reader}))
    };
    let files = [("data/in/1.json", "[1, 2]"), ("data/in/2.json", "[3]"), ("data/other.json", "[4]")];
    let (mut house, _) = with_files(&files);
    let described = outcome(&mut house, &list(json!({})), &json!({}));
    let output: Value = serde_json::from_str(described["output"].as_str().unwrap()).unwrap();
    assert_eq!(output[0]["Key"], "in/1.json");
    assert_eq!((output[1]["Size"].as_u64(), output.as_array().unwrap().len()), (Some(3), 2));
    let (mut house, _) = with_files(&files);
    let loaded = list(json!({"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"}));
    let described = outcome(&mut house, &loaded, &json!({}));
    assert_eq!(described["output"], "[1,2,3]", "{described}");
}

fn writer(config: &Value) -> Value {
    let mut writer = json!({"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "jobs"}});
    if !config.is_null() {
        writer["WriterConfig"] = config.clone();
    }
    map(&json!({"ResultWriter": writer, "ToleratedFailurePercentage": 100}))
}

#[test]
fn a_writer_writes_what_became_of_each_child_and_a_manifest() {
    let (mut house, memory) = with_files(&[]);
    let described = outcome(&mut house, &writer(&Value::Null), &json!(["good", "bad"]));
    let output: Value = serde_json::from_str(described["output"].as_str().unwrap()).unwrap();
    let key = output["ResultWriterDetails"]["Key"].as_str().unwrap();
    let manifest: Value = serde_json::from_str(&memory.read("out", key).unwrap()).unwrap();
    assert_eq!(manifest["DestinationBucket"], "out");
    let file = |name: &str| {
        let listed = &manifest["ResultFiles"][name][0];
        let text = memory.read("out", listed["Key"].as_str().unwrap()).unwrap();
        assert_eq!(listed["Size"], text.len());
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let succeeded = file("SUCCEEDED");
    assert_eq!((&succeeded[0]["Output"], &succeeded[0]["Status"]), (&json!("\"good\""), &json!("SUCCEEDED")));
    assert!(succeeded[0]["StartDate"].as_str().unwrap().ends_with('Z'), "{succeeded}");
    let failed = file("FAILED");
    assert_eq!((&failed[0]["Error"], &failed[0]["Cause"]), (&json!("Bad"), &json!("it is")));
    assert_eq!(manifest["ResultFiles"]["PENDING"], json!([]));
}

#[test]
fn outputs_are_written_and_come_back_as_they_are_wanted() {
    let (mut house, memory) = with_files(&[]);
    let lines = writer(&json!({"Transformation": "FLATTEN", "OutputType": "JSONL"}));
    outcome(&mut house, &lines, &json!([[1, 2], 3]));
    let written = memory
        .0
        .lock()
        .unwrap()
        .iter()
        .find(|(key, _)| key.ends_with("SUCCEEDED_0.jsonl"))
        .unwrap()
        .1
        .clone();
    assert_eq!(written, "1\n2\n3\n");
    let (mut house, _) = with_files(&[]);
    let back =
        map(&json!({"ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}}));
    assert_eq!(outcome(&mut house, &back, &json!([[1, 2], 3]))["output"], "[1,2,3]");
}

#[test]
fn a_bucket_that_no_folder_stands_for_is_refused_when_the_machine_is_made() {
    let (mut house, _) = with_files(&[]);
    let definition = map(
        &json!({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "nobody", "Key": "k"}}}),
    );
    let request = json!({"name": "m", "definition": definition.to_string(), "roleArn": "arn:aws:iam::111111111111:role/r"});
    let refused = house.try_call("CreateStateMachine", &request).unwrap_err();
    assert!(
        refused.message.contains("The bucket nobody is not served")
            && refused.message.contains("/States/M/ItemReader"),
        "{refused}"
    );
}
