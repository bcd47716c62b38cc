"""llama.cpp, through xllamacpp: what it makes of a GGUF file."""

import json
import urllib.request

import xllamacpp


class LlamaCpp:
    """A model that llama.cpp has opened."""

    def __init__(self, path):
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel = 256, 1
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.warmup, params.ui, params.verbosity = False, False, -1
        self._server = xllamacpp.Server(params)

    def encode(self, text, special_tokens=False):
        """Ids of a text, in which nothing is a special token unless that is asked for."""
        body = {"content": text, "add_special": False, "parse_special": special_tokens}
        return self._post("/tokenize", body)["tokens"]

    def greedy(self, ids, count):
        """The most probable ids that follow."""
        body = {"prompt": [int(i) for i in ids], "n_predict": count, "temperature": 0}
        body |= {"return_tokens": True, "ignore_eos": True, "cache_prompt": False}
        return self._post("/completion", body)["tokens"]

    def log_probabilities(self, ids, count):
        """The most probable ids that follow, each with the logarithm of its probability.

        The first of them must be text: llama.cpp says nothing of a part of a character.
        """
        body = {"prompt": [int(i) for i in ids], "n_predict": 1, "n_probs": count}
        answer = self._post("/completion", {**body, "temperature": 0, "cache_prompt": False})
        best = answer["completion_probabilities"][0]["top_logprobs"]
        return [(entry["id"], entry["logprob"]) for entry in best]

    def _post(self, path, body):
        url, data = self._server.listening_address + path, json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)
