// SPDX-License-Identifier: Apache-2.0
// Copyright the Gyre project authors

/// A settings file with rules for sites that explains itself; `gyre config example` prints it, and a test loads it.
public enum SitesExample {
    /// The file.
    public static let text = """
        # Gyre: settings and rules for sites. Everything here can be left out but one origin (or forward.enabled).
        # Check this file with: gyre config check FILE. Ask a running server what applies with: gyre explain URL.

        origin:
          url: http://127.0.0.1:9000        # asked for all that no rule sends elsewhere

        # More origins, by names that rules use.
        origins:
          images: http://127.0.0.1:9001
          beta: http://127.0.0.1:9002

        # Each request belongs to one site: the one that names its host, or else the longest *.domain, or else "*".
        sites:
          - hosts: [www.example.org, example.org]

            # The rules of a site apply in their order. All that match count; where two say different things, the later one does. The first
            # that answers by itself (redirect, deny) ends it.
            rules:
              - name: static files          # for gyre explain; without one a rule is called by its place
                match:
                  path: [/static/*, "*.css", "*.js"]   # exact, or with * for any run of characters; no query; after decoding
                ttl: 1d                     # fresh for so long from its making, whatever the origin said.
                                            # no-store, private, no-cache, cookies and Authorization still count.
                key:
                  query: [v]                # the only parameters that count, for the key and for the origin; none: no parameter
                request:
                  remove: [Cookie]          # towards the origin
                response:
                  set: {X-Served-By: gyre}  # towards the client; what is stored stays as it came

              - name: errors are not kept long
                match:
                  status: [404, 500-599]    # of the response: goes with ttl, bypass and response alone
                ttl: 10s

              - name: large downloads are not stored
                match:
                  content-type: [video/*, application/zip]
                bypass: true

              - name: people who are signed in
                match:
                  method: [GET, POST]       # GET stands for HEAD too
                  header: {Cookie: "*session=*"}   # a field of the request; "*" is any value
                bypass: true                # past the cache; the answer is not stored

              - name: pages by language
                match:
                  path: /
                key:
                  headers: [Accept-Language]   # one stored answer for each value
              - name: pictures
                match:
                  path: /images/*
                origin: images              # which of the origins is asked

              - name: the beta for who asks for it
                match:
                  query: {beta: ["1", "yes"]}  # a parameter of the query
                origin: beta

              - name: moved
                match:
                  path: /old/*
                redirect:
                  status: 301               # 301, 302 (without this line), 303, 307 or 308
                  to: https://www.example.org/new   # {host} and {path} are those of the request, the path with its query

              - name: nobody's business
                match:
                  path: [/.git/*, "*.bak"]
                deny: 403                   # 400 to 599

          - hosts: ["*.example.net"]
            rules:
              - name: to TLS
                redirect: {status: 308, to: "https://{host}{path}"}

        """

    /// The page `docs/site-rules.md`: the example, and what must be known to change it.
    public static func renderManual() -> String {
        """
        # Rules for sites

        <!-- Made from the example. Change the example, not this page. -->

        A settings file (`--config`) may have rules: what is kept and for how long, what the key is, which origin is asked, what is changed on the
        way, what is answered at once. `gyre config example > gyre.yaml` writes the file below. `gyre config check gyre.yaml` names each mistake with
        its line, the value, and what is allowed. `gyre explain URL` names the rules that apply.

        - Rules are asked once for each request, on the path as it is in the key: percent-encoding and dot segments are resolved first.
        - A rule that looks at a field or at the method, and changes the request to the origin or chooses the origin, becomes part of the key: what
          one client is answered does not reach another by the same URL.
        - Purges of a URL reach what is stored under all parts of its key.
        - Rules hold for requests to a forward proxy too.

        ```yaml
        \(text)```

        """
    }
}
