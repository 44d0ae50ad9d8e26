//! Tests that run functions: a server of its own for each, in a folder that goes away with it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use provision::mistake::kind;
use provision::noun::test::{Expectation, FunctionExpectation, TableExpectation, Test};
use provision::verdict::{inputs, says_the_same};
use provision::{Api, Http, Mistake, Pipeline, Request, World};
use serde_json::{Value, json};
use server::Server;
use server::config::Config;

use crate::deployment::{Agreement, QueueIds, bring_up, with_version_rule};
use crate::input::ScratchFolder;
use crate::pipeline_file::PipelineFile;

/// What did not come as expected.
///
/// # Errors
/// Where the pipeline cannot be made.
pub(super) fn failures(
    file: &PipelineFile,
    pipeline: &Pipeline,
    test: &Test,
    world: World<'_>,
) -> Result<Vec<Mistake>, String> {
    let payloads = match inputs(pipeline, test, world) {
        Ok(payloads) => payloads,
        Err(mistake) => return Ok(vec![*mistake]),
    };
    let names = pipeline.genesys.iter().flat_map(|genesys| &genesys.queues);
    let ids: QueueIds =
        names.filter_map(|name| Some((name.value.clone(), (world.ids)(&name.value)?))).collect();
    let folder = ScratchFolder::new()?;
    let config = with_version_rule(Config::of_folder(folder.path().to_path_buf())?, pipeline);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|e| format!("could not start the runtime: {e}"))?;
    runtime.block_on(async {
        let server = Server::start(config).await.map_err(|e| e.to_string())?;
        let door = server.own_door();
        bring_up(&door, file, pipeline, &ids, Agreement::Refuse).await?;
        let api = Http::new(&format!("http://{}", door.address), &[])?;
        let api = api.signed_with(door.credentials, Server::surroundings().now);
        let mut failures = Vec::new();
        for expectation in &test.expect {
            match expectation {
                Expectation::Function(one) => {
                    for payload in &payloads {
                        failures.extend(function(&api, one, payload).await?);
                    }
                }
                Expectation::Table(one) => failures.extend(table(&api, one).await?),
                Expectation::Rule(_) | Expectation::StateMachine(_) => {}
            }
        }
        server.until_stopped(std::future::ready(())).await;
        Ok(failures)
    })
}

async fn function(
    api: &Http,
    expectation: &FunctionExpectation,
    payload: &str,
) -> Result<Option<Mistake>, String> {
    let (name, span) = (&expectation.function.value, expectation.function.span);
    let payload: Value = serde_json::from_str(payload).unwrap_or_default();
    let request = Request::lambda("Invoke", json!({"FunctionName": name, "Payload": payload}));
    let answer = api.call(request).await.map_err(|error| format!("function {name}: {error}"))?;
    let returned = answer.get("Payload").cloned().unwrap_or_default();
    let log = answer.get("LogResult").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
    let log = String::from_utf8_lossy(&log.unwrap_or_default()).into_owned();
    let failed = answer.get("FunctionError").is_some_and(|error| !error.is_null());
    let error = returned.get("errorType").and_then(Value::as_str).unwrap_or_default();
    match &expectation.fails {
        Some(wanted) if failed && wanted.value == error => {}
        Some(wanted) => {
            let sentence = format!("`{name}` did not fail with `{}`: it returned {returned}", wanted.value);
            return Ok(Some(Mistake::new(kind::FAILED_TEST, wanted.span, sentence)));
        }
        None if failed => {
            return Ok(Some(
                Mistake::new(kind::FAILED_TEST, span, format!("`{name}` failed: {returned}"))
                    .with_suggestion(log),
            ));
        }
        None => {}
    }
    if let Some(wanted) = &expectation.returns
        && !says_the_same(&wanted.text, &returned.to_string())
    {
        return Ok(Some(Mistake::new(
            kind::FAILED_TEST,
            wanted.span,
            format!("`{name}` returned {returned}"),
        )));
    }
    let missing = expectation.logs.iter().find(|text| !log.contains(&text.value));
    Ok(missing.map(|text| {
        let sentence = format!("the log of `{name}` does not contain `{}`", text.value);
        Mistake::new(kind::FAILED_TEST, text.span, sentence)
            .with_suggestion(format!("it has: {}", log.trim_end().replace('\n', " | ")))
    }))
}

async fn table(api: &Http, expectation: &TableExpectation) -> Result<Option<Mistake>, String> {
    let name = &expectation.table.value;
    let mut items = 0;
    let mut from = Value::Null;
    loop {
        let mut body = json!({"TableName": name, "Select": "COUNT", "ConsistentRead": true});
        if let (false, Some(members)) = (from.is_null(), body.as_object_mut()) {
            members.insert("ExclusiveStartKey".to_owned(), from);
        }
        let answer =
            api.call(Request::tables("Scan", body)).await.map_err(|e| format!("table {name}: {e}"))?;
        items += answer.get("Count").and_then(Value::as_u64).unwrap_or_default();
        from = answer.get("LastEvaluatedKey").cloned().unwrap_or_default();
        if from.is_null() {
            break;
        }
    }
    let wanted = expectation.items;
    let sentence = format!("the table `{name}` holds {items} items, not {wanted}");
    Ok((items != wanted).then(|| Mistake::new(kind::FAILED_TEST, expectation.table.span, sentence)))
}
