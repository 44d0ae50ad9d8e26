//! PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency.

use aws::{Call, Reply};
use serde::Deserialize;
use serde_json::json;
use store::{Read, Tx};

use crate::check::Faults;
use crate::function::Function;
use crate::name::FunctionName;
use crate::ops::{Named, Nothing, look, write};
use crate::{Functions, error, limits};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutRequest {
    function_name: String,
    reserved_concurrent_executions: i64,
}

/// What all functions but one have reserved.
pub(super) fn reserved_by_others(read: &mut impl Read, name: Option<&str>) -> u64 {
    let others = Function::names(read).into_iter().filter(|other| name.is_none_or(|name| other != name));
    let others: Vec<String> = others.collect();
    others.iter().filter_map(|other| Function::find(read, other)?.reserved).sum()
}

/// PutFunctionConcurrency.
pub(super) fn put(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: PutRequest| {
        let name = FunctionName::parse(&request.function_name, None, &home)?.name;
        let mut faults = Faults::default();
        faults.within(
            "reservedConcurrentExecutions",
            Some(request.reserved_concurrent_executions),
            0,
            i64::MAX,
        );
        faults.result()?;
        let reserved = u64::try_from(request.reserved_concurrent_executions).unwrap_or_default();
        let functions = functions.clone();
        Ok(move |tx: &mut Tx<'_>| {
            let mut function = Function::require(tx, &name, &home)?;
            let all = reserved_by_others(tx, Some(&name)).saturating_add(reserved);
            if all > limits::CONCURRENCY - limits::UNRESERVED_MIN {
                return Err(error::invalid_parameter(
                    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
                ));
            }
            function.reserved = Some(reserved);
            function.put(tx, &name);
            functions.configure_queue(tx, &name, &function);
            Ok(json!({"ReservedConcurrentExecutions": reserved}))
        })
    })
}

/// GetFunctionConcurrency: an empty object where nothing is reserved.
pub(super) fn get(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let name = request.read(functions)?.name;
        let function = Function::require(read, &name, functions.store().scope())?;
        Ok(function
            .reserved
            .map_or_else(|| json!({}), |reserved| json!({"ReservedConcurrentExecutions": reserved})))
    })
}

/// DeleteFunctionConcurrency.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: Named| {
        let name = request.read(functions)?.name;
        let functions = functions.clone();
        Ok(move |tx: &mut Tx<'_>| {
            let mut function = Function::require(tx, &name, &home)?;
            function.reserved = None;
            function.put(tx, &name);
            functions.configure_queue(tx, &name, &function);
            Ok(Nothing {})
        })
    })
}
