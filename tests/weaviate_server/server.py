"""A stand-in for Weaviate that speaks its REST and gRPC protocol to the real client, and fails as it is told to."""

import json
import signal
import sys
import threading
import time
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import grpc
import numpy as np
from weaviate.proto.v1 import aggregate_pb2, batch_delete_pb2, batch_pb2, search_get_pb2, tenants_pb2

from tests.weaviate_server.shelves import MOST, Collection, Thing, Wrong, meaning, whole

VERSION = "1.34.0"
BORN = 1_790_000_000_000  # milliseconds
KINDS = {bool: "bool_value", int: "int_value", str: "text_value"}


@dataclass
class Faults:
    slow_s: float = 0.0
    garbage: bool = False
    refuses: str = ""  # why no object is taken: read-only, a full disk
    takes: int = 0  # objects that are still taken before `refuses` holds
    drops: int = 0  # objects that are refused once each, as by a node that is short of memory
    vectorizer_down: bool = False
    vectorizer_s: float = 0.0


@dataclass
class Server:
    """`stop` and `start` again on the same ports; what it holds stays."""

    module: str = ""
    key: str = ""
    rest_port: int = 0
    grpc_port: int = 0
    faults: Faults = field(default_factory=Faults)
    collections: dict[str, Collection] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)  # the name of every call, for tests that count them
    parents: list[str] = field(default_factory=list)  # the `traceparent` of every call that told one

    def start(self) -> "Server":
        self._grpc = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers((Calls(self),))
        self.grpc_port = self._grpc.add_insecure_port(f"127.0.0.1:{self.grpc_port}")
        self._grpc.start()
        self._rest = ThreadingHTTPServer(("127.0.0.1", self.rest_port), type("Bound", (Rest,), {"server_": self}))
        self._rest.daemon_threads = True
        self.rest_port = self._rest.server_port
        threading.Thread(target=self._rest.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._grpc.stop(0).wait()
        self._rest.shutdown()
        self._rest.server_close()

    def of(self, name: str) -> Collection:
        if name not in self.collections:
            raise Wrong(f"could not find class {name} in schema")
        return self.collections[name]


class Calls(grpc.GenericRpcHandler):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.known = {
            "Search": (self.search, search_get_pb2.SearchRequest),
            "BatchObjects": (self.batch, batch_pb2.BatchObjectsRequest),
            "BatchDelete": (self.delete, batch_delete_pb2.BatchDeleteRequest),
            "TenantsGet": (self.tenants, tenants_pb2.TenantsGetRequest),
            "Aggregate": (self.aggregate, aggregate_pb2.AggregateRequest),
        }

    def service(self, handler_call_details: Any) -> Any:
        name = handler_call_details.method.rsplit("/", 1)[-1]
        call, request = self.known[name]

        def answer(asked: Any, context: Any) -> Any:
            self.server.asked.append(name)
            self.server.parents += [value for key, value in context.invocation_metadata() if key == "traceparent"]
            time.sleep(self.server.faults.slow_s)
            if self.server.key and ("authorization", f"Bearer {self.server.key}") not in context.invocation_metadata():
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "invalid api key")
            try:
                return call(asked)
            except Wrong as error:
                context.abort(grpc.StatusCode.UNKNOWN, str(error))

        spelled = lambda reply: b"\xff<html>" if self.server.faults.garbage else reply.SerializeToString()  # noqa: E731
        return grpc.unary_unary_rpc_method_handler(answer, request.FromString, spelled)

    def search(self, asked: Any) -> Any:
        of = self.server.of(asked.collection)
        where = asked.filters if asked.HasField("filters") else None
        if (limit := asked.limit or 10) + asked.offset > MOST:
            raise Wrong("query maximum results exceeded")
        key, found = "", list[tuple[Thing, Any]]()
        if asked.HasField("near_vector") or asked.HasField("near_text"):
            near = asked.near_vector if asked.HasField("near_vector") else asked.near_text
            key, found = (
                "distance",
                of.near(asked.tenant, where, near.targets.target_vectors[0], self._vector(of, near)),
            )
        elif asked.HasField("bm25_search"):
            bm25 = asked.bm25_search
            key, found = "score", of.bm25(asked.tenant, where, bm25.query, bm25.properties)
        elif asked.after and where:
            raise Wrong("cursor api: invalid 'after' parameter: where cannot be set with after and limit")
        else:
            there = sorted(of.matching(asked.tenant, where), key=lambda thing: thing.id)
            found = [(thing, None) for thing in there if str(thing.id) > asked.after]
        shown = [(thing, {key: value} if key else {}) for thing, value in found[:limit]]
        return search_get_pb2.SearchReply(results=[self._result(thing, told, asked) for thing, told in shown])

    def _vector(self, of: Collection, near: Any) -> Any:
        module = of.module(near.targets.target_vectors[0])
        if hasattr(near, "query"):
            self._vectorizer(module)
            return meaning(" ".join(near.query))
        return np.frombuffer(near.vectors[0].vector_bytes if near.vectors else near.vector_bytes, dtype="<f4")

    def _result(self, thing: Thing, told: dict[str, Any], asked: Any) -> Any:
        if asked.metadata.creation_time_unix:
            told |= {"creation_time_unix": BORN, "last_update_time_unix": BORN}
        meta = {f"{name}_present": True for name in told} | told
        result = search_get_pb2.SearchResult(
            metadata=search_get_pb2.MetadataResult(id_as_bytes=thing.id.bytes, id=str(thing.id), **meta)
        )
        wanted = asked.properties.non_ref_properties
        every = asked.properties.return_all_nonref_properties or not asked.HasField("properties")
        fields = result.properties.non_ref_props.fields
        for name, value in thing.properties.items():
            if every or name in wanted:
                if isinstance(value, list):
                    fields[name].list_value.text_values.values.extend(value)
                else:
                    setattr(fields[name], KINDS[type(value)], value)
        return result

    def batch(self, asked: Any) -> Any:
        reply = batch_pb2.BatchObjectsReply()
        for index, one in enumerate(asked.objects):
            try:
                self._take(one)
            except Wrong as error:
                reply.errors.add(index=index, error=str(error))
        return reply

    def _take(self, one: Any) -> None:
        faults, of = self.server.faults, self.server.of(one.collection)
        things = of.things(one.tenant)  # an object of the same id is replaced
        if faults.drops:
            faults.drops -= 1
            raise Wrong("not enough memory to process request")
        if faults.refuses and not faults.takes:
            raise Wrong(faults.refuses)
        faults.takes -= bool(faults.refuses)
        whole_ = {p["name"] for p in of.config["properties"] if p["dataType"] == ["int"]}  # JSON knows no integers
        properties = {n: int(v) if n in whole_ else v for n, v in one.properties.non_ref_properties.items()}
        properties |= {a.prop_name: list(a.values) for a in one.properties.text_array_properties}
        vectors = {v.name: np.frombuffer(v.vector_bytes, dtype="<f4") for v in one.vectors}
        for target, made in of.config.get("vectorConfig", {}).items():
            module = next(iter(made["vectorizer"]))
            if module != "none" and target not in vectors:
                self._vectorizer(module)
                sources = made["vectorizer"][module]["properties"]
                vectors[target] = meaning(" ".join(str(properties[name]) for name in sources))
        id_ = UUID(one.uuid)
        for target, vector in vectors.items():
            other = next((t.vectors[target] for t in things.values() if target in t.vectors and t.id != id_), vector)
            if len(other) != len(vector):
                raise Wrong(f"new node has a vector with length {len(vector)}. Existing nodes have {len(other)}")
        things[id_] = Thing(id_, properties, vectors)

    def _vectorizer(self, module: str) -> None:
        if module == "none":
            raise Wrong("could not vectorize input: VectorFromInput was called without vectorizer")
        if self.server.faults.vectorizer_down:
            raise Wrong(f"vectorize target vector: {module}: dial tcp: connect: connection refused")
        time.sleep(self.server.faults.vectorizer_s)

    def delete(self, asked: Any) -> Any:
        of = self.server.of(asked.collection)
        gone = [thing.id for thing in of.matching(asked.tenant, asked.filters)][:MOST]
        for id_ in gone:
            del of.things(asked.tenant)[id_]
        return batch_delete_pb2.BatchDeleteReply(matches=len(gone), successful=len(gone))

    def tenants(self, asked: Any) -> Any:
        there = self.server.of(asked.collection).tenants
        names = [n for n in there if not asked.HasField("names") or n in asked.names.values]
        hot = tenants_pb2.TENANT_ACTIVITY_STATUS_HOT
        return tenants_pb2.TenantsGetReply(tenants=[tenants_pb2.Tenant(name=n, activity_status=hot) for n in names])

    def aggregate(self, asked: Any) -> Any:
        where = asked.filters if asked.HasField("filters") else None
        count = sum(1 for _ in self.server.of(asked.collection).matching(asked.tenant, where))
        return aggregate_pb2.AggregateReply(single_result={"objects_count": count})


class Rest(BaseHTTPRequestHandler):
    server_: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """It has nothing to say."""

    def do_GET(self) -> None:
        server, body = self.server_, self.rfile.read(int(self.headers.get("content-length") or 0))
        time.sleep(server.faults.slow_s)
        parts = self.path.split("?")[0].strip("/").split("/")[1:]
        if server.key and self.headers.get("authorization") != f"Bearer {server.key}":
            status, told = 401, {"code": 401, "message": "anonymous access not enabled"}
        else:
            status, told = self._route(self.command, parts, json.loads(body) if body else None)
        sent = b"<html>busy</html>" if server.faults.garbage else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client would not wait
            self.wfile.write(sent)

    do_POST = do_DELETE = do_GET  # noqa: N815

    def _route(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        held = self.server_.collections
        if parts[:1] == ["schema"] and parts[1:] and parts[1] not in held:
            return 404, {"error": [{"message": f"collection {parts[1]} not found"}]}
        match (method, *parts):
            case ("GET", "meta"):
                return 200, {"version": VERSION, "modules": {self.server_.module: {}} if self.server_.module else {}}
            case ("GET", "schema", name):
                return 200, held[name].config
            case ("POST", "schema"):
                held[body["class"]] = Collection(whole(body))
            case ("DELETE", "schema", name):
                del held[name]
            case ("POST", "schema", name, "properties"):
                held[name].config = whole({**held[name].config, "properties": [*held[name].config["properties"], body]})
            case ("POST", "schema", name, "tenants"):
                held[name].tenants |= {t["name"]: held[name].tenants.get(t["name"], {}) for t in body}
            case ("DELETE", "schema", name, "tenants"):
                for tenant in body:
                    held[name].tenants.pop(tenant, None)
        return 200, body


if __name__ == "__main__":  # in a process of its own, so that it can be killed: REST port, gRPC port
    Server(rest_port=int(sys.argv[1]), grpc_port=int(sys.argv[2])).start()
    signal.pause()
