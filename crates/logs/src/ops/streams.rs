//! CreateLogStream, DescribeLogStreams, DeleteLogStream.

use aws::operation::answer;
use aws::page::page;
use aws::{Call, Error, Reply};
use serde::{Deserialize, Serialize};
use store::{KeyRange, Read, Tx};

use crate::check::Faults;
use crate::ops::{Nothing, OfGroup, write};
use crate::stream::{STREAMS, Stream, StreamName};
use crate::{Logs, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedRequest {
    log_group_name: Option<String>,
    log_stream_name: Option<String>,
}

impl NamedRequest {
    /// Group and stream.
    fn names(self) -> Result<(String, String), Error> {
        let mut faults = Faults::default();
        faults.group(self.log_group_name.as_deref());
        faults.stream(self.log_stream_name.as_deref());
        faults.result()?;
        Ok((self.log_group_name.unwrap_or_default(), self.log_stream_name.unwrap_or_default()))
    }
}

/// CreateLogStream.
pub(super) fn create(logs: &Logs, call: &Call, body: &[u8]) -> Reply {
    let now = call.now;
    write(logs, body, |request: NamedRequest| {
        let (group, stream) = request.names()?;
        Ok(move |tx: &mut Tx<'_>| {
            Logs::create_stream(tx, StreamName { group: &group, stream: &stream }, now).map(|_| Nothing {})
        })
    })
}

/// DeleteLogStream.
pub(super) fn delete(logs: &Logs, body: &[u8]) -> Reply {
    write(logs, body, |request: NamedRequest| {
        let (group, stream) = request.names()?;
        Ok(move |tx: &mut Tx<'_>| Logs::delete_stream(tx, &group, &stream).map(|()| Nothing {}))
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribeRequest {
    #[serde(flatten)]
    of: OfGroup,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeAnswer {
    log_streams: Vec<StreamAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamAnswer {
    log_stream_name: String,
    creation_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<u64>,
    arn: String,
    /// Always 0, as on AWS since 2019.
    stored_bytes: u64,
    /// What the order is by; the page's place.
    #[serde(skip)]
    order: String,
}

/// DescribeLogStreams.
pub(super) fn describe(logs: &Logs, body: &[u8]) -> Reply {
    answer(body, |request: DescribeRequest| {
        let mut faults = Faults::default();
        let limit = faults.limit(request.limit, limits::PAGE_MAX);
        if let Some(prefix) = &request.log_stream_name_prefix {
            faults.stream_like("logStreamNamePrefix", prefix);
        }
        let by_time = request.order_by.as_deref() == Some("LastEventTime");
        if !matches!(request.order_by.as_deref(), None | Some("LogStreamName" | "LastEventTime")) {
            let constraint = "Member must satisfy enum value set: [LogStreamName, LastEventTime]";
            faults.add("orderBy", request.order_by.as_deref(), constraint);
        }
        let group = request.of.name(logs, faults)?;
        if by_time && request.log_stream_name_prefix.is_some() {
            return Err(error::invalid_parameter(
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        let prefix = request.log_stream_name_prefix.unwrap_or_default();
        let streams = logs.store().read(|read| {
            Logs::group(read, &group)?;
            Ok::<_, Error>(read.list(&STREAMS, &KeyRange::prefix(&group), usize::MAX))
        });
        let streams = streams.map_err(error::of_store)??.into_iter();
        let matching = streams.filter(|((_, name), _)| name.starts_with(&prefix));
        let shown = matching.map(|((group, name), stream)| shown(logs, &group, name, &stream));
        let mut shown: Vec<StreamAnswer> = shown.collect();
        if by_time {
            shown.iter_mut().for_each(StreamAnswer::order_by_time);
        }
        shown.sort_by(|a, b| a.order.cmp(&b.order));
        if request.descending == Some(true) {
            turn_round(&mut shown);
        }
        let page = page(shown, |stream| &stream.order, request.next_token.as_deref(), limit);
        let page = page.map_err(|error| error::invalid_parameter(error.message))?;
        Ok(DescribeAnswer { log_streams: page.items, next_token: page.next_token })
    })
}

impl StreamAnswer {
    fn order_by_time(&mut self) {
        let last = self.last_event_timestamp.unwrap_or_default();
        self.order = format!("{last:020}{}", self.log_stream_name);
    }
}

/// The last first; a page's place is its number from there.
fn turn_round(shown: &mut [StreamAnswer]) {
    shown.reverse();
    for (number, stream) in shown.iter_mut().enumerate() {
        stream.order = format!("{number:010}");
    }
}

fn shown(logs: &Logs, group: &str, name: String, stream: &Stream) -> StreamAnswer {
    let (first, last) = stream.times.unzip();
    StreamAnswer {
        creation_time: stream.created.unix_ms(),
        first_event_timestamp: first,
        last_event_timestamp: last,
        last_ingestion_time: stream.ingested.map(aws::Timestamp::unix_ms),
        arn: format!("{}:log-stream:{name}", logs.group_arn(group)),
        stored_bytes: 0,
        order: name.clone(),
        log_stream_name: name,
    }
}
