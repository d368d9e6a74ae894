"""The next-token page."""

TEXT = {
    "title": {"en": "Next token", "zh": "下一个词元"},
    "heading": {"en": "What comes after {token}?", "zh": "{token}之后是什么？"},
    "look": {
        "en": "Each bar is one candidate out of {count}; all candidates together make 100 %. Click one to append it.",
        "zh": "每一条是 {count} 个候选词元之一；全部候选合计 100 %。点击即可接上。",
    },
    "look.inside": {
        "en": "Each bar is one candidate out of {count}. Click one to continue from here instead.",
        "zh": "每一条是 {count} 个候选词元之一。点击即可从这里另起后文。",
    },
    "real": {
        "en": "Next in the prompt comes {token}: rank {rank}, {percent}.",
        "zh": "提示文本中接下来是{token}：排名第 {rank}，{percent}。",
    },
    "column.rank": {"en": "Rank", "zh": "排名"},
    "column.token": {"en": "Token", "zh": "词元"},
    "column.own": {"en": "Model", "zh": "模型"},
    "column.drawn": {"en": "Drawn", "zh": "抽样"},
    "candidates": {"en": "Candidates for the next token", "zh": "下一个词元的候选"},
    "append": {"en": "Append {token}", "zh": "接上 {token}"},
    "append.real": {"en": "This token really comes next in the prompt", "zh": "提示文本中接下来就是这个词元"},
    "more": {"en": "Show more", "zh": "显示更多"},
    "fewer": {"en": "Show fewer", "zh": "显示更少"},
    "find": {"en": "Find a token of any rank", "zh": "查找任意排名的词元"},
    "find.none": {"en": "No token of this model contains that text.", "zh": "该模型没有包含这段文字的词元。"},
    "temperature": {"en": "Temperature", "zh": "温度"},
    "temperature.help": {
        "en": "Every logit is divided by it before softmax. Low: the best candidates win. High: all become alike. 0: always the best one.",
        "zh": "softmax 之前每个 logit 都除以它。低：概率集中到最好的候选；高：各候选趋于相同；0：总是选最好的。",
    },
    "top_k": {"en": "Top-k", "zh": "Top-k"},
    "top_k.help": {
        "en": "Only the k most probable candidates can be drawn. ∞: no limit.",
        "zh": "只从概率最高的 k 个候选中抽取。∞：不限。",
    },
    "top_p": {"en": "Top-p", "zh": "Top-p"},
    "top_p.help": {
        "en": "Only the fewest candidates that together reach this probability can be drawn.",
        "zh": "只从累计概率达到该值的最少候选中抽取。",
    },
    "kept": {
        "en": "Of 100 draws, {token} wins about {often}. That is why the most probable token is not always chosen: the model gives chances, and a die is thrown.",
        "zh": "抽 100 次，大约 {often} 次抽到{token}。最可能的词元并不总被选中：模型只给出机会，由骰子决定。",
    },
    "kept.some": {"en": "{kept} of {count} candidates can be drawn.", "zh": "{count} 个候选中有 {kept} 个可能被抽到。"},
    "kept.all": {"en": "Any of the {count} candidates can be drawn.", "zh": "{count} 个候选都可能被抽到。"},
    "kept.one": {
        "en": "Only {token} can be drawn: with these settings the choice is certain.",
        "zh": "只可能抽到{token}：这样设置时结果是确定的。",
    },
    "seed": {"en": "Seed", "zh": "种子"},
    "seed.help": {"en": "The same seed throws the same dice.", "zh": "种子相同，骰子的结果就相同。"},
    "sample": {"en": "Draw one", "zh": "抽一个"},
    "generate": {"en": "Generate", "zh": "连续生成"},
    "stop": {"en": "Stop", "zh": "停止"},
    "undo": {"en": "Undo", "zh": "撤销"},
    "redo": {"en": "Redo", "zh": "重做"},
    "writing": {"en": "Writing, one token at a time ({done} of {limit})", "zh": "逐个词元生成中（{done} / {limit}）"},
    "foreseen": {
        "en": "How well did the model expect each token of the prompt?",
        "zh": "模型对提示文本的每个词元有多大把握？",
    },
    "foreseen.axis": {"en": "probability before it came", "zh": "出现之前的概率"},
    "foreseen.hover": {
        "en": "{token} after {before}: rank {rank}, {percent}",
        "zh": "{before} 之后的 {token}：排名第 {rank}，{percent}",
    },
    "foreseen.look": {
        "en": "A model predicts at every position at once. Look for tokens that surprised it (low bars), often the first of a word or name, and for those that could hardly be another (high bars). Click a token above to see its candidates.",
        "zh": "模型在每个位置都同时作预测。找一找让它意外的词元（矮条），常是词或名字的开头；以及几乎不可能是别的词元（高条）。点击上方的词元查看当时的候选。",
    },
    "foreseen.one": {
        "en": "A prompt of one token has no earlier prediction to compare with: type a longer one.",
        "zh": "只有一个词元时没有更早的预测可比：请输入更长的提示文本。",
    },
}
