#include "proxy/routes/start_page.hpp"

#include "index/html_text.hpp"

#include <fmt/format.h>

namespace yizhan {
namespace {

constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>驿站 yizhan</title>
<style>
body {{ font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }}
pre {{ background: #f4f4f2; padding: .7rem 1rem; overflow-x: auto; border-radius: 4px; }}
h1 small {{ font-weight: normal; color: #777; }}
a {{ color: #05547a; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #1b1b1b; color: #ddd; }} pre {{ background: #2a2a28; }} a {{ color: #7cc4e8; }}
}}
</style>
</head>
<body>
<h1>驿站 <small>yizhan</small></h1>
<p>把下面的地址当作 PyPI 镜像使用：断线会自动换源续传，文件校验后才交付，取过的文件断网也能用。<br>
Use this address as your PyPI mirror: broken downloads change mirrors and go on, bytes are checked before they are
handed over, and what was fetched once is served again without the network.</p>
<h2>pip</h2>
<pre>pip install -i {0}/simple/ {1}torch</pre>
<p>一直使用 / for good:</p>
<pre>pip config set global.index-url {0}/simple/{2}</pre>
<h2>uv</h2>
<pre>uv pip install --index-url {0}/simple/ torch</pre>
<p>或写入 pyproject.toml / or in pyproject.toml:</p>
<pre>[[tool.uv.index]]
url = "{0}/simple/"
default = true</pre>
<h2>适合这台机器的 PyTorch / the PyTorch that fits the machine</h2>
<pre>pip install -i {0}/for/driver441.22-quadro_k620-cp36-win_amd64/simple/ {1}torch torchvision</pre>
<p>依次为：驱动（nvidia-smi 显示）或 cu118 或 cpu，显卡，Python，平台 /
the driver (nvidia-smi shows it) or cu118 or cpu, the GPU, the Python, the platform.</p>
<p><a href="status">运行状态 / status</a> · <a href="simple/">已缓存的项目 / projects in the store</a></p>
</body>
</html>
)";

bool is_loopback(std::string_view host) {
    return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
}

} // namespace

Response start_page(const Request& request) {
    // Only shown, never linked: the visitor copies the address that has just worked for them.
    const auto host = request.field("Host");
    std::string address = "http://";
    append_html_escaped(address, host.empty() ? std::string_view("127.0.0.1:8080") : host);
    // pip ignores a plain http index unless the host is loopback or named as trusted.
    std::string name;
    append_html_escaped(name, host.starts_with('[') ? host : host.substr(0, host.rfind(':')));
    const bool trusted_needed = !is_loopback(host) && !host.empty();
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = std::make_shared<const std::string>(
        fmt::format(page, address, trusted_needed ? "--trusted-host " + name + " " : "",
                    trusted_needed ? "\npip config set global.trusted-host " + name : ""));
    response.fields.emplace_back("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    response.fields.emplace_back("Cache-Control", "no-store");
    response.note = "local";
    return response;
}

} // namespace yizhan
