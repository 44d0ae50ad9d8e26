//! A function of a `provided` runtime in plain Rust: no crate, one connection, answers with how often it was called.

use std::env;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

fn main() -> Result<(), Box<dyn Error>> {
    let mut socket = TcpStream::connect(env::var("AWS_LAMBDA_RUNTIME_API")?)?;
    let mut answers = BufReader::new(socket.try_clone()?);
    for count in 1_u64.. {
        socket.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: lambda\r\n\r\n")?;
        let id = read(&mut answers)?;
        let body = count.to_string();
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        let head = format!("POST {path} HTTP/1.1\r\nHost: lambda\r\nContent-Length: {}\r\n\r\n", body.len());
        socket.write_all((head + &body).as_bytes())?;
        read(&mut answers)?;
    }
    Ok(())
}

/// Reads one answer: the id of the invocation, if it is one.
fn read(answers: &mut BufReader<TcpStream>) -> Result<String, Box<dyn Error>> {
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if answers.read_line(&mut line)? == 0 {
            return Err("the Runtime API is gone".into());
        }
        let Some((name, value)) = line.split_once(':') else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "lambda-runtime-aws-request-id" => value.trim().clone_into(&mut id),
            "content-length" => length = value.trim().parse()?,
            _ => {}
        }
    }
    std::io::copy(&mut answers.take(length), &mut std::io::sink())?;
    Ok(id)
}
