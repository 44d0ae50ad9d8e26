//! CreateFunctionUrlConfig, GetFunctionUrlConfig, UpdateFunctionUrlConfig, ListFunctionUrlConfigs, DeleteFunctionUrlConfig.

use aws::{Call, Error, Reply};
use serde::Deserialize;
use store::Tx;

use crate::check::Faults;
use crate::cors::Cors;
use crate::function::Function;
use crate::name::{FunctionName, is_number};
use crate::ops::{Item, Named, Nothing, Paging, look, write};
use crate::url::{AuthType, FunctionUrl, InvokeMode, Place, URLS, key};
use crate::{Functions, error};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(flatten)]
    named: Named,
    auth_type: Option<String>,
    invoke_mode: Option<String>,
    cors: Option<Cors>,
}

impl Request {
    fn auth_type(&self) -> Result<Option<AuthType>, Error> {
        match self.auth_type.as_deref() {
            None => Ok(None),
            Some("NONE") => Ok(Some(AuthType::None)),
            Some("AWS_IAM") => Ok(Some(AuthType::AwsIam)),
            Some(other) => {
                let mut faults = Faults::default();
                faults.add(other, "authType", "Member must satisfy enum value set: [AWS_IAM, NONE]");
                faults.result().map(|()| None)
            }
        }
    }
}

impl Request {
    fn invoke_mode(&self) -> Result<Option<InvokeMode>, Error> {
        match self.invoke_mode.as_deref() {
            None => Ok(None),
            Some("BUFFERED") => Ok(Some(InvokeMode::Buffered)),
            Some("RESPONSE_STREAM") => Ok(Some(InvokeMode::ResponseStream)),
            Some(other) => {
                let mut faults = Faults::default();
                let set = "Member must satisfy enum value set: [RESPONSE_STREAM, BUFFERED]";
                faults.add(other, "invokeMode", set);
                faults.result().map(|()| None)
            }
        }
    }

    /// Who may call from pages, where anything is said of it; an empty setting takes it away.
    fn cors(&self) -> Result<Option<Option<Cors>>, Error> {
        let Some(cors) = &self.cors else { return Ok(None) };
        cors.check()?;
        Ok(Some(Some(cors.clone()).filter(|cors| !cors.is_empty())))
    }
}

/// A URL is of the function or of an alias: versions have none.
fn check_qualifier(name: &FunctionName) -> Result<(), Error> {
    match name.qualifier.as_deref() {
        Some(qualifier) if qualifier == crate::name::LATEST || is_number(qualifier) => {
            let mut faults = Faults::default();
            let pattern = "Member must satisfy regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)";
            faults.add(qualifier, "qualifier", pattern);
            faults.result()
        }
        _ => Ok(()),
    }
}

/// CreateFunctionUrlConfig.
pub(super) fn create(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: Request| {
        let auth_type = request.auth_type()?;
        let (mode, cors) = (request.invoke_mode()?, request.cors()?);
        let name = request.named.read(functions)?;
        check_qualifier(&name)?;
        let mut faults = Faults::default();
        faults.required("authType", request.auth_type.as_deref());
        faults.result()?;
        let functions = functions.clone();
        Ok(move |tx: &mut Tx<'_>| {
            if !functions.exists(tx, &name) {
                return Err(error::no_function(&name.arn(&home)));
            }
            if FunctionUrl::find(tx, &name).is_some() {
                return Err(error::conflict("FunctionUrlConfig exists for this Lambda function"));
            }
            let id = call.ids.next_uuid().replace('-', "");
            let auth_type = auth_type.unwrap_or(AuthType::AwsIam);
            let (invoke_mode, cors) = (mode.unwrap_or(InvokeMode::Buffered), cors.flatten());
            let (created, modified) = (call.now, call.now);
            let url = FunctionUrl { id, auth_type, created, modified, invoke_mode, cors };
            tx.put(&URLS, &key(&name), &url);
            Ok(url.shown(&Place { home: &home, name: &name, base_url: &call.base_url }))
        })
    })
}

/// UpdateFunctionUrlConfig.
pub(super) fn update(functions: &Functions, call: Call, body: &[u8]) -> Reply {
    let home = functions.store().scope().clone();
    write(functions, body, |request: Request| {
        let auth_type = request.auth_type()?;
        let (mode, cors) = (request.invoke_mode()?, request.cors()?);
        let name = request.named.read(functions)?;
        check_qualifier(&name)?;
        Ok(move |tx: &mut Tx<'_>| {
            let mut url = FunctionUrl::find(tx, &name).ok_or_else(error::no_resource)?;
            (url.auth_type, url.modified) = (auth_type.unwrap_or(url.auth_type), call.now);
            url.invoke_mode = mode.unwrap_or(url.invoke_mode);
            url.cors = cors.unwrap_or(url.cors);
            tx.put(&URLS, &key(&name), &url);
            Ok(url.shown(&Place { home: &home, name: &name, base_url: &call.base_url }))
        })
    })
}

/// GetFunctionUrlConfig.
pub(super) fn get(functions: &Functions, call: &Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: Named| {
        let (home, name) = (functions.store().scope(), request.read(functions)?);
        check_qualifier(&name)?;
        let url = FunctionUrl::find(read, &name).ok_or_else(error::no_resource)?;
        Ok(url.shown(&Place { home, name: &name, base_url: &call.base_url }))
    })
}

#[derive(Debug, Deserialize)]
struct ListRequest {
    #[serde(flatten)]
    named: Named,
    #[serde(flatten)]
    paging: Paging,
}

/// ListFunctionUrlConfigs.
pub(super) fn list(functions: &Functions, call: &Call, body: &[u8]) -> Reply {
    look(functions, body, |read, request: ListRequest| {
        let (home, name) = (functions.store().scope(), request.named.read(functions)?);
        Function::require(read, &name.name, home)?;
        let all = FunctionUrl::all(read, &name.name).into_iter();
        let items = all.map(|(qualifier, url)| {
            let of = Some(qualifier.clone()).filter(|qualifier| !qualifier.is_empty());
            let name = FunctionName { name: name.name.clone(), qualifier: of };
            Item { name: qualifier, shown: url.shown(&Place { home, name: &name, base_url: &call.base_url }) }
        });
        request.paging.answer("FunctionUrlConfigs", items.collect())
    })
}

/// DeleteFunctionUrlConfig.
pub(super) fn delete(functions: &Functions, _: Call, body: &[u8]) -> Reply {
    write(functions, body, |request: Named| {
        let name = request.read(functions)?;
        check_qualifier(&name)?;
        Ok(move |tx: &mut Tx<'_>| {
            FunctionUrl::find(tx, &name).ok_or_else(error::no_resource)?;
            tx.remove(&URLS, &key(&name));
            Ok(Nothing {})
        })
    })
}
