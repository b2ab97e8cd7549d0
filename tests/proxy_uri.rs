//! URIs of proxies.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use sansocket::{
    proxy::{ProxyUri, ProxyUriError as E, Scheme},
    uri::UriError,
};

#[test]
fn scheme_host_port_and_credentials_are_read() {
    for (uri, scheme, host, port, credentials) in [
        ("http://proxy", Scheme::Http, "proxy", 80, None),
        ("HTTPS://Proxy.Example/", Scheme::Https, "proxy.example", 443, None),
        ("socks5://10.0.0.1", Scheme::Socks5, "10.0.0.1", 1080, None),
        ("socks5h://[2001:DB8::1]:9", Scheme::Socks5h, "[2001:db8::1]", 9, None),
        ("http://me:secret@h:3128/", Scheme::Http, "h", 3128, Some(("me", "secret"))),
        ("http://me@h", Scheme::Http, "h", 80, Some(("me", ""))),
        ("http://:s@h", Scheme::Http, "h", 80, Some(("", "s"))),
        ("http://a%3Ab%40:%25c:d%C3%A9@h", Scheme::Http, "h", 80, Some(("a:b@", "%c:dé"))),
    ] {
        let proxy: ProxyUri = uri.parse().unwrap();
        assert_eq!((proxy.scheme(), proxy.host(), proxy.port()), (scheme, host, port), "{uri}");
        assert_eq!(proxy.credentials(), credentials, "{uri}");
        assert!(!format!("{proxy:?}").contains("secret"));
    }
    let zoned = ProxyUri::parse("http://[FE80::1%25eth0]:3128").unwrap();
    assert_eq!((zoned.connect_host(), zoned.host(), zoned.port()), ("fe80::1%eth0", "[fe80::1]", 3128));
    assert_eq!(ProxyUri::parse("http://h").unwrap().connect_host(), "h");
    assert_eq!(ProxyUri::parse("http://[::1]").unwrap().host_without_brackets(), "::1");
}

#[test]
fn what_names_no_proxy_is_refused() {
    for (uri, error) in [
        ("proxy:3128", E::UnsupportedScheme),
        ("", E::UnsupportedScheme),
        ("ws://h", E::UnsupportedScheme),
        ("socks4://h", E::UnsupportedScheme),
        ("http:h", E::UnsupportedScheme),
        ("http://h/x", E::UnexpectedPath),
        ("http://h?x", E::UnexpectedPath),
        ("http://h#x", E::Invalid(UriError::UnexpectedFragment)),
        ("http://", E::Invalid(UriError::InvalidAuthority)),
        ("http://h:x", E::Invalid(UriError::InvalidPort)),
        ("http://h:65536", E::Invalid(UriError::InvalidPort)),
        ("http://::1", E::Invalid(UriError::InvalidAuthority)),
        ("http://a@b@h", E::Invalid(UriError::InvalidUserInfo)),
        ("http://a%4@h", E::Invalid(UriError::InvalidUserInfo)),
        ("http://a%ff@h", E::Invalid(UriError::InvalidUserInfo)),
        ("http://a b@h", E::Invalid(UriError::InvalidCharacter)),
        ("http://é@h", E::Invalid(UriError::NonAscii)),
    ] {
        assert_eq!(uri.parse::<ProxyUri>(), Err(error), "{uri}");
    }
}
