#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route of the contract, from one table: no token, wrong token, bad bodies, unknown ids, methods."""

import json
import pathlib
import re
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import mh  # noqa: E402
import tap  # noqa: E402

UNKNOWN_VAULT = "a" * 26
EXPECTED = [r"auth login failed"]


class Routes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = mh.Daemon(expect=EXPECTED, config="api:\n  auth:\n    login_max_attempts: 0\n")
        cls.daemon.__enter__()
        cls.vault = cls.daemon.vault("routes") if "/api/v1/vaults" in cls.daemon.contract.data["paths"] else UNKNOWN_VAULT

    @classmethod
    def tearDownClass(cls):
        cls.daemon.__exit__(None, None, None)

    def operations(self):
        for template, item in self.daemon.contract.data["paths"].items():
            for method, node in item.items():
                yield template, method.upper(), node

    def fill(self, template, vault=None):
        path = template.replace("{vault_id}", vault or self.vault)
        return re.sub(r"\{\w+\}", "nothing-here", path)

    def with_query(self, path, node):
        wanted = [p for p in node.get("parameters", []) if p["in"] == "query" and p.get("required")]
        return path + ("?" + "&".join(f"{p['name']}={'0' * 64}" for p in wanted) if wanted else "")

    def test_no_token(self):
        for template, method, node in self.operations():
            if node["x-access"] not in ("bearer", "token-query-ok"):
                continue
            reply = self.daemon.request(method, self.fill(template), token=None)
            self.assertEqual(reply.status, 401, (method, template))
            self.assertIsInstance(reply.json["error"], str)

    def test_wrong_token(self):
        for template, method, node in self.operations():
            if node["x-access"] not in ("bearer", "token-query-ok"):
                continue
            for token in ("0" * 64, "x", "a.b.c"):
                reply = self.daemon.request(method, self.fill(template), token=token)
                self.assertEqual(reply.status, 401, (method, template, token))

    def test_token_in_the_query_works_on_its_routes_and_nowhere_else(self):
        token = self.daemon.login()
        tried = 0
        for template, method, node in self.operations():
            if node["x-access"] == "bearer":
                reply = self.daemon.request(method, f"{self.fill(template)}?token={token}", token=None)
                self.assertEqual(reply.status, 401, (method, template))
            elif node["x-access"] == "token-query-ok" and template != "/api/v1/events/stream":
                reply = self.daemon.request(method, f"{self.fill(template)}?token={token}", token=None)
                self.assertIn(reply.status, (200, 404), (method, template))
                tried += 1
        self.assertGreaterEqual(tried, 1)

    def test_bad_bodies_name_the_fault(self):
        for template, method, node in self.operations():
            content = node.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None:
                continue
            schema = self.daemon.contract.data["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
            path = self.fill(template)
            headers = self.admin() if node["x-access"] == "admin-token" else {}
            self.check_malformed(method, path, headers)
            for name, field in schema["properties"].items():
                self.check_field(method, path, headers, schema, name, field)

    def admin(self):
        return {"X-MeshHold-Admin-Token": (self.daemon.home / "metadata/cli-admin.token").read_text()}

    def check_malformed(self, method, path, headers):
        json_type = {**headers, "Content-Type": "application/json"}
        for text in (b"{", b'{"a":', b"[]", b'"x"', b"nul", b"\xff\xfe", b'{"a":"\xc3"}', b"[" * 100_000, b"1" * 400,
                     b"{'a\"':" + b"[" * 900_000, b'/* " */' + b"[" * 900_000, b"{'a': 1}", b"", b"var x = {};"):
            reply = self.daemon.request(method, path, text, headers=json_type)
            self.assertEqual(reply.status, 400, (method, path, text[:20]))
        reply = self.daemon.request(method, path, b"{}", headers={**headers, "Content-Type": "text/plain"})
        self.assertEqual((reply.status, "Content-Type" in reply.json["error"]), (400, True), (method, path))
        large = b'{"x":"' + b"a" * (1024 * 1024) + b'"}'
        self.assertEqual(self.daemon.request(method, path, large, headers=json_type).status, 413, (method, path))
        chunks = (large[i : i + 65536] for i in range(0, len(large), 65536))
        reply = self.daemon.request(method, path, chunks, headers={**json_type, "Transfer-Encoding": "chunked"})
        self.assertEqual(reply.status, 413, (method, path))

    def check_field(self, method, path, headers, schema, name, field):
        good = {key: self.sample(value) for key, value in schema["properties"].items() if key in schema.get("required", [])}
        wrong = {"string": [1, True, None, [], {}], "integer": ["1", 1.5, None, []], "boolean": ["true", 1, None],
                 "array": ["x", {}, [1], None]}[field["type"]]
        if field.get("minLength", 0) > 0:
            wrong.append("")
        if "enum" in field:
            wrong += ["", field["enum"][0] + "x"]
        if "maxLength" in field:
            wrong.append("a" * (field["maxLength"] + 1))
        if "maximum" in field:
            wrong += [field["maximum"] + 1, field["minimum"] - 1, 2**63 - 1]
        if "maxItems" in field:
            wrong.append(["/x"] * (field["maxItems"] + 1))
        for value in wrong:
            reply = self.daemon.request(method, path, {**good, name: value}, headers=headers)
            self.assertEqual((reply.status, name in reply.json["error"]), (400, True), (method, path, name, value, reply))
        if name in schema.get("required", []):
            reply = self.daemon.request(method, path, {k: v for k, v in good.items() if k != name}, headers=headers)
            self.assertEqual((reply.status, reply.json["error"]), (400, f"{name} is missing"), (method, path))

    def sample(self, field):
        if "enum" in field:
            return field["enum"][0]
        return {"string": "a" * max(1, field.get("minLength", 1)), "integer": field.get("minimum", 1), "boolean": False,
                "array": []}[field["type"]]

    def test_bad_queries_name_the_parameter(self):
        for template, method, node in self.operations():
            for parameter in node.get("parameters", []):
                if parameter["in"] != "query" or parameter["name"] == "token" or node.get("x-access") == "none":
                    continue
                schema, name = parameter["schema"], parameter["name"]
                wrong = ["x", "1.5", "", "99999999999999999999"] if schema["type"] in ("integer", "boolean") else []
                if "maxLength" in schema and schema["maxLength"] < 5000:
                    wrong.append("a" * (schema["maxLength"] + 1))
                if "maximum" in schema:
                    wrong += [str(schema["maximum"] + 1), str(schema["minimum"] - 1)]
                for value in wrong:
                    path = self.with_query(self.fill(template), node)
                    path += ("&" if "?" in path else "?") + f"{name}={value}"
                    if "content_hash" == name:
                        path = self.fill(template) + f"?{name}={value}"
                    reply = self.daemon.request(method, path, b"x" if method == "POST" else None)
                    self.assertEqual((reply.status, name in reply.json["error"]), (400, True), (method, path, reply))

    def test_broken_escapes(self):
        for path in ("/api/v1/vaults/%zz", "/api/v1/vaults/%", "/api/v1/audit?types=%ff", "/api/v1/audit?types=%00",
                     f"/api/v1/vaults/{self.vault}/files/a%00b", f"/api/v1/vaults/{self.vault}/files/a%ffb"):
            self.assertEqual(self.daemon.get(path).status, 400, path)

    def test_unknown_ids(self):
        tried = 0
        for template, method, node in self.operations():
            if "{vault_id}" not in template:
                continue
            body = None
            content = node.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                schema = self.daemon.contract.data["components"]["schemas"][
                    content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]]
                body = {k: self.sample(v) for k, v in schema["properties"].items()}
                body = {k: "/a/b" if k in ("from", "to") else v for k, v in body.items()}
            elif content:
                body = b"x"
            reply = self.daemon.request(method, self.with_query(self.fill(template, UNKNOWN_VAULT), node), body)
            self.assertEqual(reply.status, 404, (method, template, reply))
            tried += 1
        self.assertGreater(tried, 5)

    def test_other_methods_are_told_what_is_allowed(self):
        for template, item in self.daemon.contract.data["paths"].items():
            allowed = {m.upper() for m in item} | ({"HEAD"} if "get" in item else set())
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - allowed:
                reply = self.daemon.request(method, self.fill(template))
                # a literal may share its place with a parameter of another route
                self.assertEqual(reply.status, 405, (method, template))
                self.assertLessEqual(allowed, set(reply.headers["Allow"].split(", ")))

    def test_unknown_routes(self):
        for path in ("/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v1/vaults/x/y/z/", "/nothing", "/..%2f..%2fetc/passwd",
                     "/assets/../../etc/passwd", "/api/v1/version/", "//"):
            reply = self.daemon.get(path)
            self.assertEqual(reply.status, 404, path)
            self.assertIsInstance(reply.json["error"], str)

    def test_errors_of_other_surfaces_have_a_code(self):
        reply = self.daemon.get("/api/apps")
        self.assertEqual((reply.status, reply.json["error"]), (404, "not_found"))
        self.assertIn("/api/apps", reply.json["message"])

    def test_security_headers(self):
        for path in ("/", "/api/v1/version", "/api/v1/whoami", "/nothing", "/api/docs"):
            headers = self.daemon.get(path, token=None).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe-eval", policy)
            self.assertNotRegex(policy, r"script-src[^;]*unsafe-inline")
            self.assertIsNone(headers["Server"])
            self.assertIsNone(headers["Access-Control-Allow-Origin"])

    def test_contract_is_served(self):
        served = self.daemon.get("/api/openapi.json", token=None)
        self.assertEqual(served.headers["Content-Type"], "application/json")
        self.assertEqual(served.json, self.daemon.contract.data)
        docs = self.daemon.get("/api/docs", token=None)
        self.assertTrue(docs.headers["Content-Type"].startswith("text/html"))
        for template in self.daemon.contract.data["paths"]:
            self.assertIn(template, docs.body.decode())

    def test_contract_is_valid_openapi(self):
        data = self.daemon.contract.data
        self.assertEqual(data["openapi"], "3.1.0")
        for template, method, node in self.operations():
            names = set(re.findall(r"\{(\w+)\}", template))
            self.assertEqual(names, {p["name"] for p in node.get("parameters", []) if p["in"] == "path"}, template)
        for reference in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(data)):
            self.assertIn(reference, data["components"]["schemas"])


if __name__ == "__main__":
    tap.main()
