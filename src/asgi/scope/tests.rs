#![allow(clippy::unwrap_used)]

use super::*;
use crate::gateway::fixture::{launch, peer, request};
use crate::http1::Version;
use crate::servers::Server;
use crate::testing::test;

fn strings(head: &RequestHead, peer: &Peer, launch: &Launch) -> Vec<String> {
    let list = Scope::new(head, peer, launch).unwrap().strings().encode();
    crate::wire::strings::read(&list)
        .map(|string| String::from_utf8_lossy(string).into_owned())
        .collect()
}

fn scope(head: &RequestHead) -> Vec<String> {
    strings(head, &peer("127.0.0.1"), &launch(Server::Uvicorn))
}

#[test]
fn the_scope_has_its_fields_in_the_documented_order() {
    let head = request(
        "POST",
        "/a?b=c",
        &[("Host", "lab.test"), ("X-Dup", "one"), ("x-dup", "Two")],
    );
    assert_eq!(
        scope(&head),
        [
            "1.1",
            "POST",
            "http",
            "/a",
            "/a",
            "b=c",
            "",
            "127.0.0.1",
            "50000",
            "127.0.0.1",
            "8000",
            "host",
            "lab.test",
            "x-dup",
            "one",
            "x-dup",
            "Two"
        ]
    );
}

#[test]
fn path_is_decoded_and_raw_path_is_not() {
    let scope = scope(&request("GET", "/caf%C3%A9/a%2Fb%20c;p=1?x=%20", &[]));
    assert_eq!(scope[3], "/caf\u{e9}/a/b c;p=1");
    assert_eq!(scope[4], "/caf%C3%A9/a%2Fb%20c;p=1");
    assert_eq!(scope[5], "x=%20");
}

#[test]
fn what_is_no_utf8_is_replaced_in_the_path() {
    assert_eq!(scope(&request("GET", "/%e9", &[]))[3], "/\u{fffd}");
}

#[test]
fn root_path_stands_before_both_paths() {
    let mut launch = launch(Server::Uvicorn);
    launch.asgi.root_path = "/api".to_owned();
    let scope = strings(&request("GET", "/x%20y", &[]), &peer("127.0.0.1"), &launch);
    assert_eq!(scope[3..7], ["/api/x y", "/api/x%20y", "", "/api"]);
}

#[test]
fn http_1_0_is_told() {
    let mut head = request("GET", "/", &[]);
    head.protocol = Version::Http10.as_bytes().into();
    assert_eq!(scope(&head)[0], "1.0");
}

#[test]
fn absolute_form_keeps_its_path() {
    let scope = scope(&request("GET", "http://other.test:81/p?q=1", &[]));
    assert_eq!(scope[3..6], ["/p", "/p", "q=1"]);
}

#[test]
fn a_target_without_a_path_is_refused() {
    for target in [
        "http://other.test",
        "http://other.test?q",
        "host:443",
        "http:///p",
        "1http://h/",
        "http://[::1/",
        "http://h:99999/",
    ] {
        let head = request("GET", target, &[]);
        let (peer, launch) = (peer("127.0.0.1"), launch(Server::Uvicorn));
        assert_eq!(
            Scope::new(&head, &peer, &launch).err(),
            Some(ScopeError::Target),
            "{target}"
        );
    }
}

#[test]
fn asterisk_form_is_a_path() {
    assert_eq!(scope(&request("OPTIONS", "*", &[]))[3], "*");
}

#[test]
fn a_trusted_proxy_says_who_the_client_is_and_which_scheme_it_used() {
    let head = request(
        "GET",
        "/",
        &[
            ("X-Forwarded-For", "1.2.3.4"),
            ("X-Forwarded-Proto", "https"),
        ],
    );
    let scope = scope(&head);
    assert_eq!(
        (scope[2].as_str(), &scope[7..9]),
        ("https", &["1.2.3.4".to_owned(), "0".to_owned()][..])
    );
}

#[test]
fn other_peers_and_no_proxy_headers_are_not_believed() {
    let head = request(
        "GET",
        "/",
        &[
            ("X-Forwarded-For", "1.2.3.4"),
            ("X-Forwarded-Proto", "https"),
        ],
    );
    let mut launch = launch(Server::Uvicorn);
    let untrusted = strings(&head, &peer("10.0.0.1"), &launch);
    assert_eq!(
        (untrusted[2].as_str(), untrusted[7].as_str()),
        ("http", "10.0.0.1")
    );
    launch.proxy_headers = false;
    let disabled = strings(&head, &peer("127.0.0.1"), &launch);
    assert_eq!(
        (disabled[2].as_str(), disabled[7].as_str()),
        ("http", "127.0.0.1")
    );
}

#[test]
fn the_client_is_the_last_address_that_is_no_trusted_proxy() {
    for (forwarded, client) in [
        ("1.2.3.4, 8.8.8.8, 127.0.0.1", "8.8.8.8:0"),
        ("127.0.0.1, ::1", "127.0.0.1:0"),
        ("8.8.8.8:99", "8.8.8.8:99"),
        ("[2001:db8::1]:80", "2001:db8::1:80"),
        ("2001:db8::1", "2001:db8::1:0"),
        ("", "127.0.0.1:50000"),
    ] {
        let head = request("GET", "/", &[("X-Forwarded-For", forwarded)]);
        let (peer, launch) = (peer("127.0.0.1"), launch(Server::Uvicorn));
        assert_eq!(
            Scope::new(&head, &peer, &launch).unwrap().client_text(),
            client,
            "{forwarded}"
        );
    }
}

#[test]
fn only_schemes_of_http_and_websocket_are_taken() {
    for (sent, scheme) in [
        ("https", "https"),
        (" wss ", "wss"),
        ("ftp", "http"),
        ("HTTPS", "http"),
    ] {
        assert_eq!(
            scope(&request("GET", "/", &[("X-Forwarded-Proto", sent)]))[2],
            scheme,
            "{sent}"
        );
    }
}

#[test]
fn the_access_log_shows_the_path_encoded_anew() {
    let head = request("GET", "/caf%c3%a9/a b?x=%20", &[]);
    let (peer, launch) = (peer("127.0.0.1"), launch(Server::Uvicorn));
    let scope = Scope::new(&head, &peer, &launch).unwrap();
    assert_eq!(scope.request_line(), "GET /caf%C3%A9/a%20b?x=%20 HTTP/1.1");
    assert_eq!(scope.client_text(), "127.0.0.1:50000");
}
