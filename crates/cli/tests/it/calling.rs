//! A pipeline file whose target is an API destination, run by the real binary: the endpoint is called with the secret, also
//! with another one after a restart, and the secret is nowhere else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;

use serde_json::json;

use crate::client::{Binary, trunkline};

/// A pipeline that calls `address`, with a secret of its environment.
fn pipeline(address: &str) -> String {
    format!(
        "version: 1
allowPrivate: [127.0.0.1]
connections:
  - name: crm
    apiKey: {{ name: x-api-key, value: \"${{env:CRM_KEY}}\" }}
apiDestinations:
  - name: calls
    connection: crm
    endpoint: http://{address}/calls/*
    method: PUT
rules:
  - name: r
    pattern: {{ source: [shop] }}
    targets:
      - apiDestination: calls
        http: {{ path: [$.detail.id], query: {{ from: trunkline }} }}
        inputPath: $.detail
"
    )
}

fn dev(folder: &Path, key: &str) -> Binary {
    let (file, data) = (folder.join("trunkline.yaml"), folder.join("data"));
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let mut command = trunkline(&["dev", "-f", file, "--data-dir", data, "--listen", "127.0.0.1:0"]);
    command.env("CRM_KEY", key);
    Binary::start(command).unwrap_or_else(|mut child| panic!("it ended with {}", child.wait().unwrap()))
}

/// Takes the next request, and answers that all is well.
fn next_request(endpoint: &TcpListener) -> String {
    let (mut stream, _) = endpoint.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "it ended early: {head}");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    head + &String::from_utf8(body).unwrap()
}

#[test]
fn a_pipeline_calls_an_endpoint_with_the_secret_of_its_environment() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = TcpListener::bind("127.0.0.1:0").unwrap();
    let text = pipeline(&endpoint.local_addr().unwrap().to_string());
    std::fs::write(folder.path().join("trunkline.yaml"), text).unwrap();
    let mut changed = Vec::new();
    for key in ["hunter2", "hunter2", "other"] {
        let binary = dev(folder.path(), key);
        let entry = json!({"Source": "shop", "DetailType": "order", "Detail": "{\"id\":\"a b\"}"});
        binary.ok("AWSEvents.PutEvents", &json!({"Entries": [entry]}));
        let request = next_request(&endpoint);
        assert!(request.starts_with("PUT /calls/a%20b?from=trunkline HTTP/1.1\r\n"), "{request}");
        assert!(request.contains(&format!("x-api-key: {key}\r\n")), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"id\":\"a b\"}"), "{request}");
        let shown = binary.ok("AWSEvents.DescribeConnection", &json!({"Name": "crm"}));
        assert!(!shown.to_string().contains(key), "{shown}");
        changed.push(shown["LastModifiedTime"].clone());
    }
    assert_eq!(changed[0], changed[1], "the same secret changes nothing");
    assert_ne!(changed[1], changed[2]);
}
