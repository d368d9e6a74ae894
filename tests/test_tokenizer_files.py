"""Tokenizers of folders and GGUF files, from every kind of file that models are published with."""

import io
import json
import random

import pytest
import sentencepiece
import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

from model.config import DenseConfig, GQAConfig, ModelConfig
from model.errors import BadInput
from model.files.convert import gguf_tokenizer
from model.files.convert.huggingface_tokenizer import read_tokenizer
from model.files.tokenizer import Tokenizer, byte_alphabet
from model.language_model import LanguageModel
from model.transformer import Transformer

TEXTS = ["In the end, the ships   came in.", " in the end", "naïve 你好\n\n\tthen 1999 🦊", "shipshipship", "a", "   "]
CORPUS = [
    "In the end the ships came in, and then the ship's hands went in 1999.",
    "the then than that, 你好 café\n",
] * 40


def byte_level(vocabulary_size: int = 300) -> tokenizers.Tokenizer:
    """Trained as GPT-2's."""
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(byte_alphabet().values())
    trainer = trainers.BpeTrainer(vocab_size=vocabulary_size, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(CORPUS, trainer)
    backend.add_special_tokens([AddedToken(token, normalized=False) for token in ("<|endoftext|>", "<|begin|>")])
    return backend


def write(folder, **files) -> None:
    """`files` by name without ending: objects as JSON, texts as they are."""
    for name, data in files.items():
        path = folder / (name if "." in name else f"{name}.json")
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")


def read(folder, rows: int = 100_000, **config) -> Tokenizer:
    return read_tokenizer(folder, config, rows)


# ---------------------------------------------------------------- a start token, exactly once


@pytest.mark.parametrize("also_in_template", [True, False])
def test_a_start_token_is_added_exactly_once(also_in_template, tmp_path):
    """DeepSeek asks for it in tokenizer_config.json only, Llama 3 in tokenizer.json only, Llama 2 in both."""
    backend = byte_level()
    begin = backend.token_to_id("<|begin|>")
    if also_in_template:
        backend.post_processor = processors.TemplateProcessing("<|begin|> $A", special_tokens=[("<|begin|>", begin)])
    write(tmp_path, tokenizer=backend.to_str(), tokenizer_config={"add_bos_token": True, "bos_token": "<|begin|>"})
    tokenizer = read(tmp_path)
    plain = byte_level().encode("the ships").ids
    assert tokenizer.encode("the ships") == [begin, *plain] == tokenizer.encode("<|begin|>the ships")
    assert tokenizer.start_ids == (begin,) and tokenizer.shown(begin) == "<|begin|>"
    assert tokenizer.decode(tokenizer.encode("the ships")) == "the ships"
    assert tokenizer.encode("") == []


def test_no_start_token_where_the_folder_says_none(tmp_path):
    backend = byte_level()
    begin = backend.token_to_id("<|begin|>")
    backend.post_processor = processors.TemplateProcessing("<|begin|> $A", special_tokens=[("<|begin|>", begin)])
    write(tmp_path, tokenizer=backend.to_str(), tokenizer_config={"add_bos_token": False})
    assert read(tmp_path).encode("the") == byte_level().encode("the").ids and read(tmp_path).start_ids == ()
    write(tmp_path, tokenizer_config={"bos_token": {"content": "<|begin|>"}})
    assert read(tmp_path).start_ids == (begin,)  # where no setting says, tokenizer.json does


# ---------------------------------------------------------------- added tokens


def one_layer(tokenizer: Tokenizer, rows: int) -> LanguageModel:
    config = ModelConfig(
        vocab_size=rows,
        d_model=3,
        n_layers=1,
        context=20,
        attention=GQAConfig(n_heads=1, n_kv_heads=1, head_dim=2),
        feed_forward=DenseConfig(hidden=5),
    )
    return LanguageModel("m", Transformer(config), tokenizer)


def test_an_added_token_beyond_the_model_is_refused_only_where_it_is_used(tmp_path):
    """One <pad> beyond the embedding refused whole models (WizardLM, early Llama 2)."""
    backend = byte_level()
    rows = backend.get_vocab_size()
    backend.add_special_tokens(["<pad>"])
    write(tmp_path, tokenizer=backend.to_str())
    lm = one_layer(read(tmp_path, rows), rows)
    assert lm.read_prompt("the ships") == byte_level().encode("the ships").ids
    with pytest.raises(BadInput, match=f"Token id {rows} does not exist"):
        lm.read_prompt("the <pad>")
    with pytest.raises(BadInput, match="do not belong together"):
        read(tmp_path, rows - 3)  # here an ordinary token has no row


@pytest.mark.parametrize("where", ["added_tokens", "tokenizer_config"])
def test_tokens_that_only_another_file_adds_have_the_ids_it_says(where, tmp_path):
    """The library counts on from the vocabulary, whatever the file says: with a gap every id was another's."""
    size = byte_level().get_vocab_size()
    listed = {"<a>": size, "<far>": size + 7}
    decoder = {"added_tokens_decoder": {str(number): {"content": token} for token, number in listed.items()}}
    write(tmp_path, tokenizer=byte_level().to_str(), **{where: listed if where == "added_tokens" else decoder})
    assert read(tmp_path).encode("<far>the<a>") == [size + 7, *byte_level().encode("the").ids, size]


# ---------------------------------------------------------------- vocab.json and merges.txt


@pytest.mark.parametrize("kind", ["GPT2Tokenizer", "Qwen2Tokenizer"])
def test_two_files_as_transformers_reads_them(kind, tmp_path):
    data = json.loads(byte_level().to_str())["model"]
    merges = "#version: 0.2\n" + "\n".join(" ".join(pair) for pair in data["merges"]) + "\n"
    vocabulary = data["vocab"] | {"<|endoftext|>": len(data["vocab"])}
    settings = {"tokenizer_class": kind, "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    write(tmp_path, vocab=vocabulary, tokenizer_config=settings, **{"merges.txt": merges})
    reference = AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS, "the<|endoftext|>end", "I'LL 12345"]:
        assert read(tmp_path).encode(text) == reference(text).input_ids, text


def test_two_files_of_an_unknown_class_are_refused_with_what_helps(tmp_path):
    write(tmp_path, vocab={"a": 0}, tokenizer_config={"tokenizer_class": "XTokenizer"}, **{"merges.txt": ""})
    with pytest.raises(BadInput, match="XTokenizer.*save one with transformers"):
        read(tmp_path)


# ---------------------------------------------------------------- SentencePiece


def train(folder, kind: str, prefix: bool):
    """tokenizer.model, as the library itself makes it."""
    made = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=made, vocab_size=330, model_type=kind, hard_vocab_limit=False,
        byte_fallback=True, character_coverage=0.98, normalization_rule_name="identity", minloglevel=2,
        remove_extra_whitespaces=False, add_dummy_prefix=prefix, user_defined_symbols=["<turn>"],
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(made.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=made.getvalue())


def texts(seed: int):
    """The texts above, and random ones of their letters, spaces in rows included."""
    rng = random.Random(seed)
    letters = [*sorted(set("".join(CORPUS)) - {"\n"}), " ", " ", "the", "ships"]
    return TEXTS + ["".join(rng.choices(letters, k=rng.randint(1, 40))) for _ in range(300)]


@pytest.mark.parametrize("kind, prefix", [("bpe", True), ("bpe", False), ("unigram", True)])
def test_tokenizer_model_gives_the_librarys_own_ids(kind, prefix, tmp_path):
    library = train(tmp_path, kind, prefix)
    tokenizer = read(tmp_path)
    for text in texts(0):
        assert tokenizer.encode(text) == [library.bos_id(), *library.encode(text)], repr(text)
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert "<turn>" in [tokenizer.shown(token) for token in tokenizer.encode("in<turn>the")]


@pytest.mark.parametrize("prefix", [True, False])
def test_a_folder_and_a_gguf_of_one_model_give_the_same_ids(prefix, tmp_path):
    library = train(tmp_path, "bpe", prefix)
    pieces = [library.id_to_piece(i) for i in range(library.get_piece_size())]
    special = {"<unk>": 2, "<s>": 3, "</s>": 3, "<turn>": 4}
    header = {
        "model": "llama",
        "tokens": pieces,
        "scores": [library.get_score(i) for i in range(len(pieces))],
        "token_type": [special.get(piece, 6 if library.is_byte(i) else 1) for i, piece in enumerate(pieces)],
        "bos_token_id": library.bos_id(),
        "add_space_prefix": prefix,
    }
    inside = gguf_tokenizer.read_tokenizer({f"tokenizer.ggml.{key}": value for key, value in header.items()})
    folder = read(tmp_path)
    for text in [*texts(1), "in<turn>the"]:
        assert inside.encode(text) == folder.encode(text), repr(text)


def test_a_damaged_tokenizer_model_gets_one_sentence(tmp_path):
    (tmp_path / "tokenizer.model").write_bytes(b"\xff\xff\xff nothing")
    with pytest.raises(BadInput, match="tokenizer.model in .* cannot be read"):
        read(tmp_path)


# ---------------------------------------------------------------- other kinds of tokenizer.json


def test_unigram_with_metaspace(tmp_path):
    backend = tokenizers.Tokenizer(models.Unigram())
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=90, unk_token="<unk>", special_tokens=["<unk>"], show_progress=False)
    backend.train_from_iterator(CORPUS, trainer)
    write(tmp_path, tokenizer=backend.to_str())
    tokenizer = read(tmp_path)
    assert tokenizer.encode("the ships came") == backend.encode("the ships came").ids
    assert tokenizer.decode(tokenizer.encode("the ships came")) == "the ships came"


def test_words_in_pieces(tmp_path):
    """Many Chinese GPT-2 models have BERT's tokenizer: refused until now."""
    words = {token: i for i, token in enumerate(["[UNK]", "[CLS]", "the", "ship", "##s", "come", "你", "好"])}
    backend = tokenizers.Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece(cleanup=False)
    backend.add_special_tokens(["[UNK]", "[CLS]"])
    write(tmp_path, tokenizer=backend.to_str())
    tokenizer = read(tmp_path)
    ids = tokenizer.encode("the ships come")
    assert [tokenizer.shown(token) for token in ids] == ["·the", "·ship", "s", "·come"]
    assert tokenizer.decode(ids) == "the ships come"


def test_a_folder_without_a_tokenizer_is_told_what_is_missing(tmp_path):
    with pytest.raises(BadInput, match="has no tokenizer.*tokenizer.json") as error:
        read(tmp_path)
    assert error.value.code == "no_tokenizer" and "download it again" not in str(error.value)


@pytest.mark.parametrize(
    "name, data", [("tokenizer", "{}"), ("tokenizer", "no json"), ("tokenizer", "[1]"), ("tokenizer_config", "{")]
)
def test_damaged_files_are_named(name, data, tmp_path):
    write(tmp_path, tokenizer=byte_level().to_str())
    write(tmp_path, **{name: data})
    with pytest.raises(BadInput, match=name):
        read(tmp_path)
