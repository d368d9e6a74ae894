"""What every page says: the head of the page, errors, the offer of a trained model."""

TEXT = {
    "app": {"en": "Glassformer", "zh": "玻璃变换器 Glassformer"},
    "prompt": {"en": "Prompt", "zh": "提示文本"},
    "prompt.placeholder": {"en": "Type a prompt and press Enter", "zh": "输入提示文本，按回车"},
    "prompt.help": {"en": "↵ stands for a line break.", "zh": "↵ 代表换行。"},
    "model": {"en": "Model", "zh": "模型"},
    "model.help": {
        "en": "Choose a model, or type the path of a Hugging Face folder or a .gguf file.",
        "zh": "选择一个模型，或输入 Hugging Face 模型文件夹或 .gguf 文件的路径。",
    },
    "lang": {"en": "Language", "zh": "语言"},
    "chips": {"en": "Tokens of the prompt; choose one", "zh": "提示文本的词元；点击选择"},
    "quoted": {"en": "“{token}”", "zh": "「{token}」"},
    "loading": {"en": "Loading the model …", "zh": "正在加载模型……"},
    "untrained": {
        "en": "This model is untrained: its weights are random numbers, its predictions mean nothing yet.",
        "zh": "这个模型未经训练：权重是随机数，预测还没有意义。",
    },
    "kept": {"en": "The picture below still shows the prompt before.", "zh": "下图仍显示之前的提示文本。"},
    "offer": {
        "en": "SmolLM2 is trained: fetch it.",
        "zh": "可以下载训练过的 SmolLM2。",
    },
    "offer.start": {"en": "Download (93 MB)", "zh": "下载（93 MB）"},
    "offer.again": {"en": "Try again", "zh": "重试"},
    "offer.stop": {"en": "Stop", "zh": "停止"},
    "offer.progress": {
        "en": "Downloading SmolLM2: {done} of {total} MB",
        "zh": "正在下载 SmolLM2：{done} / {total} MB",
    },
    "source": {"en": "Show the source that ran", "zh": "查看运行的源代码"},
    "source.where": {"en": "{file}, line {line}", "zh": "{file}，第 {line} 行"},
    "error.empty_prompt": {
        "en": "The prompt is empty: type at least one character.",
        "zh": "提示文本是空的：请至少输入一个字符。",
    },
    "error.blank_prompt": {
        "en": "The prompt has only blanks: type at least one visible character.",
        "zh": "提示文本只有空白：请至少输入一个可见字符。",
    },
    "error.too_long_to_show": {
        "en": "The prompt is too long to show: at most {limit} tokens fit on these pages, so shorten it.",
        "zh": "提示文本太长，无法显示：这些页面最多显示 {limit} 个词元，请缩短。",
    },
    "error.too_long": {
        "en": "The prompt is longer than {context} tokens, the most that {name} can read: shorten it.",
        "zh": "提示文本超过了 {name} 能读的上限（{context} 个词元）：请缩短。",
    },
    "error.not_fetched": {
        "en": "SmolLM2 is not on this machine yet: download it below, or choose another model.",
        "zh": "本机还没有 SmolLM2：请在下方下载，或选择其他模型。",
    },
    "error.unknown_model": {
        "en": "There is no model or path “{name}”: choose a model from the list, or type the path of a Hugging Face folder or a .gguf file.",
        "zh": "没有名为“{name}”的模型或路径：请从列表选择模型，或输入 Hugging Face 模型文件夹或 .gguf 文件的路径。",
    },
    "error.not_trained": {
        "en": "The model {name} is not part of this installation: choose another one from the list.",
        "zh": "此安装不包含模型 {name}：请从列表中选择其他模型。",
    },
    "error.not_a_model_file": {
        "en": "{message}",
        "zh": "这不是完整的模型文件：请选择其他文件，或重新下载。（{message}）",
    },
    "error.not_a_model_folder": {
        "en": "{message}",
        "zh": "这不是完整的 Hugging Face 模型文件夹：请选择其他文件夹，或重新下载。（{message}）",
    },
    "error.wrong_weights": {"en": "{message}", "zh": "该模型的配置与权重不相配：请选择其他模型。（{message}）"},
    "error.unsupported": {"en": "{message}", "zh": "目前不支持这个模型：请选择其他模型。（{message}）"},
    "error.no_network": {"en": "{message}", "zh": "下载失败：请检查网络连接后重试。（{message}）"},
    "error.bad_download": {"en": "{message}", "zh": "下载的文件已损坏，或不是预期的文件：请重试。（{message}）"},
    "error.no_space": {
        "en": "{message}",
        "zh": "无法保存 SmolLM2：请腾出 200 MB 空间，或把 GLASSFORMER_CACHE 设为其他文件夹。（{message}）",
    },
    "error.no_pip": {
        "en": "{message}",
        "zh": "当前的 Python 没有 pip，无法下载 SmolLM2：请先运行 python -m ensurepip。（{message}）",
    },
    "error.download_failed": {"en": "{message}", "zh": "下载因意外原因失败：详情见服务器日志。（{message}）"},
}
