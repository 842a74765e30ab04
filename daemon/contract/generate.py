#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns the contracts of the modules into C tables and headers, openapi.json and a page of documentation.

usage: generate.py --out DIR --version VERSION MODULE.yaml...

DIR gets <module>-contract.h for each module, routes.c, openapi.json and docs.html.
"""

import argparse
import html
import json
import pathlib
import re
import sys

import yaml

METHODS = ["get", "post", "put", "patch", "delete"]
RUNS = ["loop", "worker", "password", "upload", "file", "sse"]
# The ways to get in that the specification knows: how, and which kinds of token count.
# Where the handler checks a secret of its own (webhooks, refresh tokens, …) the route is open.
PEOPLE = ["session", "jwt"]
ACCESS = {
    "none": ("NONE", PEOPLE),
    "bearer": ("BEARER", PEOPLE),
    "token-query-ok": ("TOKEN_QUERY", PEOPLE),
    "admin-token": ("ADMIN_TOKEN", PEOPLE),
    "session": ("BEARER", PEOPLE),
    "session+csrf": ("BEARER", PEOPLE),
    "session-or-api-key": ("BEARER", ["session", "torrents"]),
    "session-or-api-key+origin": ("BEARER", ["session", "torrents"]),
    "session-or-key-query": ("KEY_QUERY", ["session", "torrents"]),
    "mcp-key": ("BEARER", ["mcp-key"]),
    "webhook-token": ("NONE", PEOPLE),
    "refresh-token": ("NONE", PEOPLE),
    "cp-token": ("NONE", PEOPLE),
    "oauth-state": ("NONE", PEOPLE),
    "node-secret": ("NONE", PEOPLE),
}
TOKENS = {
    "session": "MH_TOKEN_SESSION",
    "jwt": "MH_TOKEN_JWT",
    "api-key": "MH_TOKEN_API_KEY",
    "mcp-key": "MH_TOKEN_MCP_KEY",
    "torrents": "MH_TOKEN_TORRENTS",
}
ROLES = ["viewer", "user", "admin", "owner"]
SURFACES = {
    "meshhold": ("MH_SURFACE_MESHHOLD", "MH_REALM_MESH"),
    "cloudos": ("MH_SURFACE_CLOUDOS", "MH_REALM_CLOUD"),
    "fleet": ("MH_SURFACE_FLEET", "MH_REALM_FLEET"),
    "agents": ("MH_SURFACE_AGENTS", "MH_REALM_AGENTS"),
    "torrents": ("MH_SURFACE_TORRENTS", "MH_REALM_TORRENTS"),
}
INT_MIN, INT_MAX = "G_MININT64", "G_MAXINT64"


class ContractError(Exception):
    pass


def fail(where, message):
    raise ContractError(f"{where}: {message}")


def c_string(text):
    return json.dumps(text, ensure_ascii=True)


def ref_name(node):
    return node["$ref"].rsplit("/", 1)[1]


class Field:
    """One member of a request struct."""

    def __init__(self, where, name, schema, required):
        self.name = name
        self.required = required
        kind = schema.get("type")
        if kind == "string":
            self.ctype, self.kind = "char *", "MH_FIELD_STRING"
            self.minimum, self.maximum = schema.get("minLength", 0), schema.get("maxLength")
            if "enum" in schema:
                self.maximum = max(len(choice) for choice in schema["enum"])
            if self.maximum is None:
                fail(where, f"{name}: every string of a request needs maxLength")
        elif kind == "integer":
            self.ctype, self.kind = "gint64 ", "MH_FIELD_INT"
            self.minimum = schema.get("minimum", INT_MIN)
            self.maximum = schema.get("maximum", INT_MAX)
        elif kind == "boolean":
            self.ctype, self.kind = "gboolean ", "MH_FIELD_BOOL"
            self.minimum, self.maximum = 0, 1
        elif kind == "array" and schema["items"].get("type") == "string":
            self.ctype, self.kind = "char **", "MH_FIELD_STRV"
            self.minimum = schema["items"].get("minLength", 0)
            self.maximum = schema["items"].get("maxLength", INT_MAX)
        else:
            fail(where, f"{name}: no decoder for this schema")
        self.items = schema.get("maxItems", 0)
        if self.kind == "MH_FIELD_STRV" and not self.items:
            fail(where, f"{name}: every array of a request needs maxItems")
        self.text = self.choices = "NULL"
        if kind == "string":
            self.fallback = 0
            self.text = c_string(schema["default"]) if "default" in schema else "NULL"
            self.choices = c_string("|".join(schema["enum"])) if "enum" in schema else "NULL"
        else:
            self.fallback = int(schema.get("default", 0))
        plain = self.kind in ("MH_FIELD_INT", "MH_FIELD_BOOL")
        self.has = plain and not required and "default" not in schema

    def members(self):
        lines = [f"  {self.ctype}{self.name};"]
        if self.has:
            lines.append(f"  gboolean has_{self.name};")
        return lines

    def row(self, struct):
        has = f"G_STRUCT_OFFSET ({struct}, has_{self.name})" if self.has else "-1"
        return (
            f'  {{ "{self.name}", {self.kind}, {"TRUE" if self.required else "FALSE"},'
            f" G_STRUCT_OFFSET ({struct}, {self.name}), {has},"
            f" {self.minimum}, {self.maximum}, {self.items}, {self.fallback},"
            f" {self.text}, {self.choices} }},"
        )


class Shape:
    """A request struct and its decode table."""

    def __init__(self, struct, fields, needs_one=False):
        self.struct, self.fields, self.needs_one = struct, fields, needs_one
        self.symbol = re.sub(r"(?<!^)(?=[A-Z])", "_", struct).lower() + "_shape"

    def typedef(self):
        lines = ["typedef struct", "{"]
        for field in self.fields:
            lines += field.members()
        return lines + [f"}} {self.struct};", ""]

    def table(self):
        rows = [field.row(self.struct) for field in self.fields]
        return [
            f"static const MhField {self.symbol}_fields[] = {{",
            *rows,
            "};",
            "",
            f"static const MhShape {self.symbol} = {{",
            f'  "{self.struct}", sizeof ({self.struct}), {self.symbol}_fields,'
            f" G_N_ELEMENTS ({self.symbol}_fields), {'TRUE' if self.needs_one else 'FALSE'},",
            "};",
            "",
        ]


class Module:
    def __init__(self, path):
        self.path = path
        self.data = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.name = self.data["info"]["module"]
        self.surface = self.data["info"]["surface"]
        self.schemas = self.data.get("components", {}).get("schemas", {})
        if self.surface not in SURFACES:
            fail(path, f"unknown surface {self.surface}")

    def operations(self):
        for path, item in self.data["paths"].items():
            for method in METHODS:
                if method in item:
                    yield Operation(self, path, method, item[method])


class Operation:
    def __init__(self, module, path, method, node):
        self.module, self.path, self.method, self.node = module, path, method, node
        self.where = f"{module.path}: {method} {path}"
        self.name = node["operationId"]
        mh = node["x-mh"]
        self.id, self.access, self.run = mh["id"], mh["access"], mh["run"]
        if self.run not in RUNS or self.access not in ACCESS:
            fail(self.where, "unknown run or access")
        # cloud programs bring API keys; other routes say so with `tokens`
        more = ["api-key"] if module.surface == "cloudos" and self.access == "bearer" else []
        self.tokens = mh.get("tokens", ACCESS[self.access][1] + more)
        self.role = mh.get("role", "viewer" if method == "get" or ACCESS[self.access][0] == "NONE" else "user")
        # a path of several surfaces takes the cookies and the realms of all
        self.surfaces = [module.surface, *mh.get("also", [])]
        if not set(self.tokens) <= set(TOKENS) or self.role not in ROLES or not set(self.surfaces) <= set(SURFACES):
            fail(self.where, "unknown token, role or surface")
        if not self.name.startswith(module.name + "_"):
            fail(self.where, f"the handler {self.name} must begin with {module.name}_")
        self.body = self.body_shape()
        self.query = self.query_shape()

    def body_shape(self):
        if "requestBody" not in self.node:
            return None
        name = ref_name(self.node["requestBody"])
        schema = self.module.schemas.get(name)
        if schema is None:
            fail(self.where, f"no schema {name}")
        fields = [
            Field(f"{self.where}: {name}", key, value, key in schema.get("required", []))
            for key, value in schema["properties"].items()
        ]
        return Shape("Mh" + name, fields, schema.get("minProperties", 0) > 0)

    def query_shape(self):
        parameters = self.node.get("parameters", [])
        if not parameters:
            return None
        title = "".join(word.capitalize() for word in self.name.split("_"))
        fields = [
            Field(self.where, p["name"], p["schema"], p.get("required", False)) for p in parameters
        ]
        return Shape(f"Mh{title}Query", fields)

    def success(self):
        return min(int(code) for code in self.node["responses"])

    def prototype(self):
        body = f"const {self.body.struct} *body" if self.body else "gconstpointer body"
        return (
            f"gboolean {self.name} (MhRequest *request, {body}, MhJson *out, GError **error);"
        )

    def row(self):
        surfaces = [SURFACES[name][0] for name in self.surfaces]
        cookies = " | ".join(f"1u << {name}" for name in surfaces)
        realms = " | ".join(SURFACES[name][1] for name in self.surfaces)
        tokens = " | ".join(TOKENS[name] for name in self.tokens)
        body = f"&{self.body.symbol}" if self.body else "NULL"
        query = f"&{self.query.symbol}" if self.query else "NULL"
        return [
            f'  {{ "{self.id}", "{self.name}", "{self.module.name}", "{self.method.upper()}",'
            f" {c_string(self.path)},",
            f"    {surfaces[0]}, {cookies}, {realms}, {tokens}, MH_ROLE_{self.role.upper()},",
            f"    MH_ACCESS_{ACCESS[self.access][0]}, MH_RUN_{self.run.upper()}, {body}, {query},"
            f" {self.success()}, (MhHandler) {self.name} }},",
        ]


def write_header(out, module, operations):
    shapes = {}
    for operation in operations:
        for shape in (operation.body, operation.query):
            if shape:
                shapes[shape.struct] = shape
    lines = [
        f"/* Generated from {module.path.name}; do not edit. */",
        "#pragma once",
        "",
        '#include "base/json.h"',
        '#include "http/request.h"',
        "",
    ]
    for shape in shapes.values():
        lines += shape.typedef()
    lines += [operation.prototype() for operation in operations]
    (out / f"{module.name}-contract.h").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return shapes


def write_routes(out, modules):
    lines = ["/* Generated from the contracts; do not edit. */", '#include "config.h"', ""]
    lines += ['#include "http/route.h"', ""]
    tables, rows = [], []
    for module in modules:
        operations = list(module.operations())
        shapes = write_header(out, module, operations)
        lines.append(f'#include "{module.name}-contract.h"')
        for shape in shapes.values():
            tables += shape.table()
        for operation in operations:
            rows += operation.row()
    lines += ["", *tables, "const MhRoute mh_routes[] = {", *rows, "};", ""]
    lines.append("const guint mh_n_routes = G_N_ELEMENTS (mh_routes);")
    (out / "routes.c").write_text("\n".join(lines) + "\n", encoding="utf-8")


ERRORS = {
    400: "A field, the path or the JSON is wrong; the message names it",
    401: "The credential is missing, unknown or expired",
    403: "The credential lacks the right",
    404: "No such thing",
    413: "The body is too large",
    500: "A fault of this machine; the log says more",
}
FULL = "The disk is full; nothing has changed"


def openapi_responses(operation):
    responses = {}
    for code, node in operation.node["responses"].items():
        if "$ref" in node:
            schema = {"$ref": node["$ref"]}
            responses[str(code)] = {
                "description": "Success",
                "content": {"application/json": {"schema": schema}},
            }
        elif "content" in node:
            responses[str(code)] = {
                "description": node["description"],
                "content": {node["content"]: {"schema": {"type": "string", "format": "binary"}}},
            }
        elif int(code) >= 300:
            responses[str(code)] = error_response(node["description"])
        else:
            responses[str(code)] = {"description": node["description"]}
    for code, text in ERRORS.items():
        if code == 401 and ACCESS[operation.access][0] == "NONE":
            continue
        responses.setdefault(str(code), error_response(text))
    if operation.method != "get":
        responses.setdefault("507", error_response(FULL))
    return dict(sorted(responses.items()))


def error_response(text):
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def openapi_operation(operation):
    node = operation.node
    path_names = re.findall(r"\{([a-z_]+)\*?\}", operation.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in path_names
    ] + list(node.get("parameters", []))
    if operation.access == "token-query-ok":
        parameters.append({"name": "token", "in": "query", "schema": {"type": "string"},
                           "description": "The bearer token, where a header cannot be set"})
    result = {
        "operationId": operation.name,
        "tags": [operation.module.name],
        "summary": node["summary"],
        "x-id": operation.id,
        "x-access": operation.access,
    }
    if "description" in node:
        result["description"] = node["description"].strip()
    if parameters:
        result["parameters"] = parameters
    if operation.body:
        schema = {"$ref": node["requestBody"]["$ref"]}
        result["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif operation.run == "upload":
        schema = {"type": "string", "format": "binary"}
        result["requestBody"] = {
            "required": True,
            "content": {"application/octet-stream": {"schema": schema}},
        }
    result["security"] = {
        "NONE": [],
        "BEARER": [{"bearer": []}],
        "TOKEN_QUERY": [{"bearer": []}, {"query": []}],
        "KEY_QUERY": [{"bearer": []}, {"key": []}],
        "ADMIN_TOKEN": [{"admin": []}],
    }[ACCESS[operation.access][0]]
    result["responses"] = openapi_responses(operation)
    return result


def merge(modules, version):
    paths, schemas, tags, ids = {}, {}, [], {}
    schemas["Error"] = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string", "description": "One sentence"}},
    }
    for module in modules:
        tags.append({"name": module.name, "description": module.data["info"]["description"]})
        for name, schema in module.schemas.items():
            if name in schemas:
                fail(module.path, f"schema {name} is defined twice")
            schemas[name] = schema
        for operation in module.operations():
            if operation.id in ids:
                fail(operation.where, f"id {operation.id} is used twice")
            ids[operation.id] = operation
            path = operation.path.replace("*}", "}")
            paths.setdefault(path, {})[operation.method] = openapi_operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MeshHold",
            "version": version,
            "description": "One private cloud out of the machines a person owns.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
                "key": {"type": "apiKey", "in": "query", "name": "key"},
                "admin": {"type": "apiKey", "in": "header", "name": "X-MeshHold-Admin-Token"},
            },
        },
    }


def docs_schema(node):
    return f"<pre>{html.escape(yaml.safe_dump(node, sort_keys=False, allow_unicode=True))}</pre>"


def docs_operation(path, method, node):
    parts = [
        f'<article id="{html.escape(node["operationId"])}">',
        f"<h3><code>{method.upper()} {html.escape(path)}</code></h3>",
        f"<p>{html.escape(node['summary'])}.</p>",
    ]
    if "description" in node:
        parts.append(f"<p>{html.escape(node['description'])}</p>")
    parts.append(f"<p>Access: {html.escape(node['x-access'])}. Id: {html.escape(node['x-id'])}.</p>")
    for parameter in node.get("parameters", []):
        note = parameter["schema"].get("description", parameter.get("description", ""))
        parts.append(
            f"<p><code>{html.escape(parameter['name'])}</code> in {parameter['in']}:"
            f" {html.escape(parameter['schema'].get('type', ''))}. {html.escape(note)}</p>"
        )
    parts.append("<dl>")
    for code, response in node["responses"].items():
        schema = next(iter(response.get("content", {"": {}}).values())).get("schema", {})
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        link = f' <a href="#schema-{name}">{name}</a>' if name else ""
        parts.append(f"<dt>{code}</dt><dd>{html.escape(response['description'])}{link}</dd>")
    parts += ["</dl>", "</article>"]
    return parts


def write_docs(out, merged):
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>MeshHold REST API</title>",
        '<link rel="stylesheet" href="/api/docs.css"></head><body><main>',
        f"<h1>MeshHold REST API {html.escape(merged['info']['version'])}</h1>",
        '<p>The same as <a href="/api/openapi.json">openapi.json</a>, for people.</p>',
    ]
    for tag in merged["tags"]:
        parts += [f"<h2>{html.escape(tag['name'])}</h2>", f"<p>{html.escape(tag['description'])}</p>"]
        for path, item in merged["paths"].items():
            for method, node in item.items():
                if node["tags"] == [tag["name"]]:
                    parts += docs_operation(path, method, node)
    parts.append("<h2>Schemas</h2>")
    for name, schema in merged["components"]["schemas"].items():
        parts += [f'<h3 id="schema-{name}">{name}</h3>', docs_schema(schema)]
    parts.append("</main></body></html>")
    (out / "docs.html").write_text("\n".join(parts) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("contracts", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    try:
        modules = [Module(path) for path in options.contracts]
        merged = merge(modules, options.version)
        options.out.mkdir(parents=True, exist_ok=True)
        write_routes(options.out, modules)
    except ContractError as error:
        sys.exit(f"generate.py: {error}")
    text = json.dumps(merged, indent=1, ensure_ascii=False)
    (options.out / "openapi.json").write_text(text + "\n", encoding="utf-8")
    write_docs(options.out, merged)


if __name__ == "__main__":
    main()
