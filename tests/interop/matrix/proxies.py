"""Configurations of the proxies of the matrix, with what the runner fills in, and what makes them speak TLS in front."""

NGINX = """
daemon off; pid {directory}/pid; error_log stderr error; worker_processes 1; events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
    uwsgi_temp_path {directory}; scgi_temp_path {directory};
    server {{
        listen 127.0.0.1:{port}{tls};
        location / {{
            proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1;
            proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
        }}
    }}
}}
"""
NGINX_TLS = " ssl; ssl_certificate {directory}/certificate.pem; ssl_certificate_key {directory}/key.pem"

HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 60s
frontend front
    bind 127.0.0.1:{port}{tls}
    default_backend back
backend back
    server one 127.0.0.1:{backend}
"""
HAPROXY_TLS = " ssl crt {directory}/both.pem alpn http/1.1"
# Only HTTP/2 passes, so that a browser that falls back is found out.
HAPROXY_HTTP2 = " ssl crt {directory}/both.pem alpn h2\n    http-request deny unless {{ req.ver 2.0 }}"

APACHE = """
ServerName localhost
ServerRoot {directory}
PidFile {directory}/pid
ErrorLog /dev/stderr
LogLevel error
Listen 127.0.0.1:{port}
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
{tls}
ProxyPass / http://127.0.0.1:{backend}/ upgrade=websocket
"""
APACHE_TLS = """
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLEngine on
SSLCertificateFile {directory}/certificate.pem
SSLCertificateKeyFile {directory}/key.pem
"""
APACHE_HTTP2 = APACHE_TLS + """
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
Protocols h2
H2WebSockets on
<Location />
    Require expr "%{{HTTP2}} == 'on'"
</Location>
"""

CADDY = """
{{
    admin off
    auto_https off
}}
{scheme}://127.0.0.1:{port} {{
    {tls}
    reverse_proxy 127.0.0.1:{backend}
}}
"""
CADDY_TLS = "tls {directory}/certificate.pem {directory}/key.pem"

# The others open tunnels.
SQUID = """
http_port 127.0.0.1:{port}
http_access allow localhost
pid_filename {directory}/pid
access_log none
cache_log stdio:/dev/stderr
cache_store_log none
coredump_dir {directory}
netdb_filename none
pinger_enable off
visible_hostname localhost
shutdown_lifetime 0 seconds
"""

TINYPROXY = """
Listen 127.0.0.1
Port {port}
Timeout 60
LogLevel Error
"""
