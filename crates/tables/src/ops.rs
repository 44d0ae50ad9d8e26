//! DynamoDB as a service: a line for each operation that the engine has. Streams are another service, and not served.

use aws::api::DYNAMODB;
use aws::service::Json;
use aws::{Operation, Service, Wire};
use dynoxide::Database;

use crate::Tables;
use crate::error::STORAGE_ERRORS;

/// On the wire: AWS JSON 1.0, with the checksum that SDKs look at.
pub static SERVICE: Service<Tables> = Service::new(
    DYNAMODB.name,
    &[DYNAMODB.scope],
    &[Wire::Json(Json {
        error_prefix: "com.amazonaws.dynamodb.v20120810#",
        has_crc32: true,
        ..Json::of(&DYNAMODB)
    })],
    OPERATIONS,
)
.with_storage_errors(STORAGE_ERRORS);

macro_rules! rows {
    ($($name:ident $act:ident $missing:literal,)*) => {
        &[$(Operation {
            name: stringify!($name),
            missing: $missing,
            run: |tables: &Tables, _call, body| tables.run(stringify!($name), body, Database::$act),
        }),*]
    };
}

/// Every operation that is served.
pub const OPERATIONS: &[Operation<Tables>] = rows![
    BatchExecuteStatement batch_execute_statement "",
    BatchGetItem batch_get_item "",
    BatchWriteItem batch_write_item "",
    CreateTable create_table "A stream is kept and cannot be read: DynamoDB Streams are not served.",
    DeleteItem delete_item "",
    DeleteTable delete_table "",
    DescribeTable describe_table "",
    DescribeTimeToLive describe_time_to_live "",
    ExecuteStatement execute_statement "",
    ExecuteTransaction execute_transaction "",
    GetItem get_item "",
    ListTables list_tables "",
    ListTagsOfResource list_tags_of_resource "",
    PutItem put_item "",
    Query query "",
    Scan scan "",
    TagResource tag_resource "",
    TransactGetItems transact_get_items "",
    TransactWriteItems transact_write_items "",
    UntagResource untag_resource "",
    UpdateItem update_item "",
    UpdateTable update_table "",
    UpdateTimeToLive update_time_to_live "Items that expired more than five years ago are deleted too; AWS keeps them.",
];
