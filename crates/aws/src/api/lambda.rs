//! Where Lambda's operations are on the wire. Source: botocore's service model `lambda/2015-03-31`.

use crate::rest::{Binding, Parameter, Route};

const QUALIFIER: &[Binding] = &[Binding::text("Qualifier", "Qualifier")];
const PAGING: &[Binding] = &[Binding::text("Marker", "Marker"), Binding::integer("MaxItems", "MaxItems")];
const FUNCTIONS: &str = "/2015-03-31/functions";
const FUNCTION: &str = "/2015-03-31/functions/{FunctionName}";
const ALIASES: &str = "/2015-03-31/functions/{FunctionName}/aliases";
const ALIAS: &str = "/2015-03-31/functions/{FunctionName}/aliases/{Name}";
const POLICY: &str = "/2015-03-31/functions/{FunctionName}/policy";
const VERSIONS: &str = "/2015-03-31/functions/{FunctionName}/versions";
const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const MAPPING: &str = "/2015-03-31/event-source-mappings/{UUID}";
const URL: &str = "/2021-10-31/functions/{FunctionName}/url";
const EVENT_INVOKE: &str = "/2019-09-25/functions/{FunctionName}/event-invoke-config";
const LAYERS: &str = "/2018-10-31/layers";
const LAYER_VERSIONS: &str = "/2018-10-31/layers/{LayerName}/versions";
const LAYER_VERSION: &str = "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}";
const LAYER_POLICY: &str = "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy";
const LAYER_FILTER: &[Binding] = &[
    Binding::text("CompatibleRuntime", "CompatibleRuntime"),
    Binding::text("CompatibleArchitecture", "CompatibleArchitecture"),
    Binding::text("Marker", "Marker"),
    Binding::integer("MaxItems", "MaxItems"),
];
const REVISION: &[Binding] = &[Binding::text("RevisionId", "RevisionId")];
const INVOCATION: &[Binding] = &[
    Binding::text("InvocationType", "X-Amz-Invocation-Type"),
    Binding::text("LogType", "X-Amz-Log-Type"),
    Binding::text("ClientContext", "X-Amz-Client-Context"),
];
const TAGS: &str = "/2017-03-31/tags/{Resource+}";

/// Calls a function.
pub const INVOKE: Route = Route::new("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations")
    .query(QUALIFIER)
    .headers(INVOCATION)
    .blob();

/// Every operation that is served.
pub const ROUTES: &[Route] = &[
    Route::new("CreateFunction", "POST", FUNCTIONS).status(201),
    Route::new("ListFunctions", "GET", FUNCTIONS).query(&[
        Binding::text("FunctionVersion", "FunctionVersion"),
        Binding::text("Marker", "Marker"),
        Binding::integer("MaxItems", "MaxItems"),
    ]),
    Route::new("GetFunction", "GET", FUNCTION).query(QUALIFIER),
    Route::new("DeleteFunction", "DELETE", FUNCTION).query(QUALIFIER).status(204),
    Route::new("GetFunctionConfiguration", "GET", "/2015-03-31/functions/{FunctionName}/configuration")
        .query(QUALIFIER),
    Route::new("UpdateFunctionConfiguration", "PUT", "/2015-03-31/functions/{FunctionName}/configuration"),
    Route::new("UpdateFunctionCode", "PUT", "/2015-03-31/functions/{FunctionName}/code"),
    Route::new("PublishVersion", "POST", VERSIONS).status(201),
    Route::new("ListVersionsByFunction", "GET", VERSIONS).query(PAGING),
    Route::new("CreateAlias", "POST", ALIASES).status(201),
    Route::new("ListAliases", "GET", ALIASES).query(&[
        Binding::text("FunctionVersion", "FunctionVersion"),
        Binding::text("Marker", "Marker"),
        Binding::integer("MaxItems", "MaxItems"),
    ]),
    Route::new("GetAlias", "GET", ALIAS),
    Route::new("UpdateAlias", "PUT", ALIAS),
    Route::new("DeleteAlias", "DELETE", ALIAS).status(204),
    Route::new("AddPermission", "POST", POLICY).query(QUALIFIER).status(201),
    Route::new("GetPolicy", "GET", POLICY).query(QUALIFIER),
    Route::new("RemovePermission", "DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}")
        .query(&[Binding::text("Qualifier", "Qualifier"), Binding::text("RevisionId", "RevisionId")])
        .status(204),
    Route::new("PutFunctionConcurrency", "PUT", "/2017-10-31/functions/{FunctionName}/concurrency"),
    Route::new("GetFunctionConcurrency", "GET", "/2019-09-30/functions/{FunctionName}/concurrency"),
    Route::new("DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/{FunctionName}/concurrency")
        .status(204),
    Route::new("CreateEventSourceMapping", "POST", MAPPINGS).status(202),
    Route::new("ListEventSourceMappings", "GET", MAPPINGS).query(&[
        Binding::text("EventSourceArn", "EventSourceArn"),
        Binding::text("FunctionName", "FunctionName"),
        Binding::text("Marker", "Marker"),
        Binding::integer("MaxItems", "MaxItems"),
    ]),
    Route::new("GetEventSourceMapping", "GET", MAPPING),
    Route::new("UpdateEventSourceMapping", "PUT", MAPPING).status(202),
    Route::new("DeleteEventSourceMapping", "DELETE", MAPPING).status(202),
    Route::new("PutFunctionEventInvokeConfig", "PUT", EVENT_INVOKE).query(QUALIFIER),
    Route::new("UpdateFunctionEventInvokeConfig", "POST", EVENT_INVOKE).query(QUALIFIER),
    Route::new("GetFunctionEventInvokeConfig", "GET", EVENT_INVOKE).query(QUALIFIER),
    Route::new("DeleteFunctionEventInvokeConfig", "DELETE", EVENT_INVOKE).query(QUALIFIER).status(204),
    Route::new(
        "ListFunctionEventInvokeConfigs",
        "GET",
        "/2019-09-25/functions/{FunctionName}/event-invoke-config/list",
    )
    .query(PAGING),
    Route::new("CreateFunctionUrlConfig", "POST", URL).query(QUALIFIER).status(201),
    Route::new("GetFunctionUrlConfig", "GET", URL).query(QUALIFIER),
    Route::new("UpdateFunctionUrlConfig", "PUT", URL).query(QUALIFIER),
    Route::new("DeleteFunctionUrlConfig", "DELETE", URL).query(QUALIFIER).status(204),
    Route::new("ListFunctionUrlConfigs", "GET", "/2021-10-31/functions/{FunctionName}/urls").query(PAGING),
    Route::new("PublishLayerVersion", "POST", LAYER_VERSIONS).status(201),
    Route::new("ListLayerVersions", "GET", LAYER_VERSIONS).query(LAYER_FILTER),
    Route::new("ListLayers", "GET", LAYERS).query(LAYER_FILTER),
    Route::new("GetLayerVersionByArn", "GET", LAYERS)
        .query(&[Binding::text("Arn", "Arn")])
        .only_with(Parameter { name: "find", value: "LayerVersion" }),
    Route::new("GetLayerVersion", "GET", LAYER_VERSION),
    Route::new("DeleteLayerVersion", "DELETE", LAYER_VERSION).status(204),
    Route::new("AddLayerVersionPermission", "POST", LAYER_POLICY).query(REVISION).status(201),
    Route::new("GetLayerVersionPolicy", "GET", LAYER_POLICY),
    Route::new(
        "RemoveLayerVersionPermission",
        "DELETE",
        "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}",
    )
    .query(REVISION)
    .status(204),
    Route::new("TagResource", "POST", TAGS).status(204),
    Route::new("UntagResource", "DELETE", TAGS).query(&[Binding::texts("TagKeys", "tagKeys")]).status(204),
    Route::new("ListTags", "GET", TAGS),
    Route::new("GetAccountSettings", "GET", "/2016-08-19/account-settings"),
    INVOKE,
    Route::new(
        "InvokeWithResponseStream",
        "POST",
        "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
    )
    .query(QUALIFIER)
    .headers(INVOCATION)
    .blob(),
];
