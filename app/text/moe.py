"""The experts' page."""

TEXT = {
    "title": {"en": "Experts", "zh": "专家（MoE）"},
    "routing": {"en": "Part of the page", "zh": "页面内容"},
    "routing.who": {"en": "Who goes where", "zh": "谁去哪里"},
    "routing.decision": {"en": "One decision", "zh": "一次选择"},
    "routing.active": {"en": "Active or idle", "zh": "激活与总量"},
    "routing.likes": {"en": "What experts like", "zh": "专家的偏好"},
    "routing.whatif": {"en": "What if", "zh": "如果……"},
    "routes": {"en": "Picture", "zh": "图"},
    "routes.map": {"en": "One layer", "zh": "单层"},
    "routes.layers": {"en": "All layers", "zh": "所有层"},
    "routes.flow": {"en": "Flow", "zh": "流向"},
    "layer": {"en": "Layer", "zh": "层"},
    "layer.name": {"en": "Layer {layer}", "zh": "第 {layer} 层"},
    "expert": {"en": "Expert", "zh": "专家"},
    "expert.name": {"en": "Expert {expert}", "zh": "专家 {expert}"},
    "shared": {"en": "shared", "zh": "共享专家"},
    # A dense model
    "dense.heading": {"en": "This model has no experts", "zh": "这个模型没有专家"},
    "dense": {
        "en": "{model} is dense: one feed-forward network ({kind}) in each layer works for every token, so there is nothing to route. Choose a model with experts:",
        "zh": "{model} 是稠密模型：每层只有一个前馈网络（{kind}），对每个词元都工作，没有路由可看。请选择带专家的模型：",
    },
    "dense.none": {
        "en": "{model} is dense: one feed-forward network ({kind}) in each layer works for every token, so there is nothing to route. No built-in model here has experts; type the path of one (a Hugging Face folder of DeepSeek-V2 or V3, Mixtral or Qwen3-MoE type) in the model box above.",
        "zh": "{model} 是稠密模型：每层只有一个前馈网络（{kind}），对每个词元都工作，没有路由可看。这里没有带专家的内置模型；请在上方模型框中输入一个模型的路径（DeepSeek-V2/V3、Mixtral 或 Qwen3-MoE 类型的 Hugging Face 文件夹）。",
    },
    "dense.switch": {"en": "Switch to {model}", "zh": "换成 {model}"},
    # Who goes where
    "who.heading.map": {
        "en": "Layer {layer}: which {k} of {count} experts each token goes to",
        "zh": "第 {layer} 层：每个词元去 {count} 个专家中的哪 {k} 个",
    },
    "who.heading.layers": {
        "en": "All layers: which {k} of {count} experts each token goes to",
        "zh": "所有层：每个词元去 {count} 个专家中的哪 {k} 个",
    },
    "who.heading.flow": {"en": "Layer {layer}: from tokens to experts", "zh": "第 {layer} 层：从词元到专家"},
    "who.look.map": {
        "en": "Framed cells are the chosen experts, with their weights. Look for columns that equal tokens, or the same kind of word, fill in the same way; and below for experts over or under the even share (dashed, {even}).",
        "zh": "带框的格子是被选中的专家和权重。找一找：相同的词元或同类的词是否填满同样的列；下方哪些专家高于或低于平均份额（虚线，{even}）。",
    },
    "who.look.layers": {
        "en": "Expert 3 of one layer has nothing to do with expert 3 of another. Look for a token that always goes its own way, and for layers whose load (below, even share dashed) is far from even. Click a layer to open it.",
        "zh": "某层的专家 3 与另一层的专家 3 毫无关系。找一找总走自己路的词元，以及负载（下方，虚线为平均份额）很不均匀的层。点击可打开该层。",
    },
    "who.look.flow": {
        "en": "A ribbon is as wide as its weight. Point at a token above, or at a ribbon: see where one token's share goes, and which experts collect most. The shared expert works for every token.",
        "zh": "带子的宽度就是权重。指向上方的词元或一条带子：看一个词元分给了谁，哪些专家收得最多。共享专家对每个词元都工作。",
    },
    "who.weights": {"en": "Weights", "zh": "权重"},
    "who.scores": {"en": "Scores of all", "zh": "全部得分"},
    "who.point": {
        "en": "Point at a cell to read its numbers; click a token to choose it.",
        "zh": "指向格子可读数值；点击词元可选中。",
    },
    "who.point.layers": {"en": "Point at a cell to read its weight.", "zh": "指向格子可读权重。"},
    "who.point.flow": {"en": "Point at a ribbon to read its weight.", "zh": "指向带子可读权重。"},
    "who.cell": {
        "en": "{token} → expert {expert}: score {score}, weight {weight}",
        "zh": "{token} → 专家 {expert}：得分 {score}，权重 {weight}",
    },
    "who.unchosen": {
        "en": "{token} · expert {expert}: score {score}, not chosen",
        "zh": "{token} · 专家 {expert}：得分 {score}，未选中",
    },
    "who.cell.layers": {
        "en": "Layer {layer}: {token} → expert {expert}, weight {weight}",
        "zh": "第 {layer} 层：{token} → 专家 {expert}，权重 {weight}",
    },
    "who.unchosen.layers": {
        "en": "Layer {layer}: {token} · expert {expert}, not chosen",
        "zh": "第 {layer} 层：{token} · 专家 {expert}，未选中",
    },
    "who.cell.flow": {
        "en": "{token} → expert {expert}: weight {weight}",
        "zh": "{token} → 专家 {expert}：权重 {weight}",
    },
    "who.always": {
        "en": "{token}: the shared expert works for every token, with no choice and no weight.",
        "zh": "{token}：共享专家对每个词元都工作，不用选，也没有权重。",
    },
    "who.on": {"en": "on", "zh": "常开"},
    "who.shared": {"en": "shared: always on", "zh": "共享：常开"},
    "who.token": {"en": "token", "zh": "词元"},
    "who.experts": {"en": "Experts", "zh": "专家"},
    "who.group": {"en": "Heat map: rows are tokens, columns are experts", "zh": "热图：行是词元，列是专家"},
    "who.group.layers": {
        "en": "Layer {layer}: rows are tokens, columns are experts",
        "zh": "第 {layer} 层：行是词元，列是专家",
    },
    "who.group.flow": {
        "en": "Ribbons from tokens to experts, as wide as their weights",
        "zh": "从词元到专家的带子，宽度为权重",
    },
    "who.loaded": {
        "en": "Expert {expert}: {share} of all choices in this layer",
        "zh": "专家 {expert}：占该层全部选择的 {share}",
    },
    "who.load": {"en": "load: share of all choices", "zh": "负载：占全部选择的份额"},
    # One decision
    "decision.heading": {
        "en": "How {token} chose its experts in layer {layer}",
        "zh": "第 {layer} 层：{token} 如何选择专家",
    },
    "decision.look": {
        "en": "Read from left to right. Look at the score that decides and the one that weighs: the bias helps an expert to be chosen, but is gone again in its weight.",
        "zh": "从左往右读。注意：偏置只帮助专家被选中，计算权重时不再出现。",
    },
    "decision.look.plain": {
        "en": "Read from left to right: every expert gets a score, the best are chosen, and their scores become the weights of their outputs.",
        "zh": "从左往右读：每个专家得一个分，最高的被选中，它们的得分成为输出的权重。",
    },
    "decision.score": {"en": "score\n{function} of the gate", "zh": "得分\n门控的 {function}"},
    "decision.bias": {"en": "+ bias\nfor choosing", "zh": "+ 偏置\n只用于选择"},
    "decision.choice": {"en": "= choice\nscore", "zh": "= 选择分"},
    "decision.group": {"en": "groups:\nbest {kept} of {count}", "zh": "组：\n{count} 组留 {kept} 组"},
    "decision.group.text": {"en": "{score}\n{state}", "zh": "{score}\n{state}"},
    "decision.group.kept": {"en": "kept", "zh": "保留"},
    "decision.group.dropped": {"en": "dropped", "zh": "淘汰"},
    "decision.rank": {"en": "top {k}", "zh": "前 {k}"},
    "decision.rank.bias": {"en": "{rank} (bias)", "zh": "{rank}（因偏置）"},
    "decision.normalised": {"en": "weight: score\n÷ sum of chosen", "zh": "权重：得分\n÷ 选中者之和"},
    "decision.raw": {"en": "weight:\nscore as it is", "zh": "权重：\n直接用得分"},
    "decision.scaled": {"en": "× {factor}", "zh": "× {factor}"},
    "decision.out": {"en": "length of\nits output", "zh": "输出的\n长度"},
    "decision.push": {"en": "push on\n“{token}”", "zh": "对“{token}”\n的推动"},
    "decision.table": {"en": "The router's steps; one row for each expert", "zh": "路由的每一步；每行一个专家"},
    "decision.pushes": {
        "en": "What each output pushes directly, in logits (weight included; relative to the mean of all tokens)",
        "zh": "每个输出对 logits 的直接推动（已乘权重；相对全部词元的平均）",
    },
    "decision.up": {"en": "up", "zh": "升"},
    "decision.down": {"en": "down", "zh": "降"},
    "decision.sum": {
        "en": "Weighted sum of the {k} chosen outputs: length {routed}. With the shared expert ({shared}) the layer adds a vector of length {total} to the stream.",
        "zh": "{k} 个选中输出的加权和：长度 {routed}。加上共享专家（{shared}），这一层给残差流加上长度为 {total} 的向量。",
    },
    "decision.sum.alone": {
        "en": "Weighted sum of the {k} chosen outputs: length {routed}; this is what the layer adds to the stream.",
        "zh": "{k} 个选中输出的加权和：长度 {routed}；这就是该层加到残差流上的向量。",
    },
    "decision.bias.won": {
        "en": "Here the bias decided: without it, another expert would have been chosen.",
        "zh": "这里偏置起了决定作用：没有它会选中另一个专家。",
    },
    # Active or idle
    "active.heading": {
        "en": "{active} of {total} parameters worked for {token}: {share}",
        "zh": "{token} 只用了 {total} 参数中的 {active}：{share}",
    },
    "active.look": {
        "en": "Each bar is one layer, as long as its parameters. Filled experts were chosen by this token, pale ones stood idle. Click another token above: other experts, the same number. All layers and both ends of the model are counted in the heading.",
        "zh": "每条是一层，长度是参数量。实色专家被这个词元选中，浅色的在休息。点击上方另一个词元：换了专家，数量不变。标题中的数包含所有层和模型的两端。",
    },
    "active.axis": {"en": "parameters of the layer", "zh": "该层参数量"},
    "active.part.attention": {"en": "attention", "zh": "注意力"},
    "active.part.dense": {"en": "dense feed-forward", "zh": "稠密前馈"},
    "active.part.router": {"en": "router and norms", "zh": "路由与归一化"},
    "active.part.chosen": {"en": "chosen experts", "zh": "选中的专家"},
    "active.part.idle": {"en": "idle experts", "zh": "休息的专家"},
    "active.part.shared": {"en": "shared expert", "zh": "共享专家"},
    "active.hover": {"en": "{name}: {count} parameters", "zh": "{name}：{count} 个参数"},
    "active.published": {
        "en": "Published models: area = all parameters, violet = active for one token",
        "zh": "已发表的模型：面积 = 全部参数，紫色 = 一个词元激活的参数",
    },
    "active.published.text": {"en": "{active} of {total}\n{share}", "zh": "{total} 中的 {active}\n{share}"},
    "active.published.look": {
        "en": "Both numbers as printed by the makers; areas from each published config, by formula. Look at how small the violet square of DeepSeek-V3 is: knowledge of a large model, arithmetic of a small one. Sources: {sources}.",
        "zh": "两个数字均为官方公布值；面积由各自公开的配置按公式算出。看 DeepSeek-V3 的紫色方块多小：大模型的知识，小模型的计算量。来源：{sources}。",
    },
    # What experts like
    "likes.heading": {
        "en": "Layer {layer}: which kind of text each expert takes",
        "zh": "第 {layer} 层：每个专家接收哪类文本",
    },
    "likes.look": {
        "en": "Share of the tokens that choose an expert; even would be {even}. {read} tokens were counted, each kind alike; the last row is your prompt. The expert alone tells {bits} of {most} bits about the kind of text in this layer.",
        "zh": "选择该专家的词元所占比例；平均为 {even}。统计了 {read} 个词元；最后一行是你的提示文本。在这一层，仅凭专家就能得知文本类别 {most} 比特中的 {bits} 比特。",
    },
    "likes.prompt": {"en": "this prompt", "zh": "当前提示文本"},
    "likes.hover": {
        "en": "{row}: {percent} of the tokens choose expert {expert}",
        "zh": "{row}：{percent} 的词元选择专家 {expert}",
    },
    "likes.tokens": {
        "en": "Tokens that go to each expert far more than others do, and how often they do. Framed: in your prompt.",
        "zh": "远比其他词元更常去该专家的词元；数字是它们去该专家的比例。带框：出现在提示文本中。",
    },
    "likes.none": {"en": "no token stands out", "zh": "没有突出的词元"},
    "likes.empty.heading": {"en": "This model carries no statistics of its experts", "zh": "这个模型没有附带专家统计"},
    "likes.empty": {
        "en": "What an expert likes can only be told from many texts, and the file of {model} has no such counts in it; the built-in models do. Below is what this prompt alone shows: the share of its tokens that choose each expert (even would be {even}). Paste other kinds of text and watch the experts change.",
        "zh": "专家的偏好要从大量文本中统计，而 {model} 的文件里没有这样的统计；内置模型有。下面只显示当前提示文本：选择各专家的词元比例（平均为 {even}）。换不同类型的文本，看专家如何变化。",
    },
    "likes.try.english": {"en": "English", "zh": "英文"},
    "likes.try.chinese": {"en": "Chinese", "zh": "中文"},
    "likes.try.python": {"en": "Python", "zh": "Python"},
    "likes.try.sums": {"en": "Sums", "zh": "算式"},
    # What if
    "whatif.heading.off": {
        "en": "Expert {expert} of layer {layer} is switched off: what comes after {token}?",
        "zh": "关掉第 {layer} 层的专家 {expert}：{token} 之后是什么？",
    },
    "whatif.heading.force": {
        "en": "Every token must use expert {expert} of layer {layer}: what comes after {token}?",
        "zh": "强制每个词元用第 {layer} 层的专家 {expert}：{token} 之后是什么？",
    },
    "whatif.heading.top": {
        "en": "Only the best {kept} of {k} chosen experts work: what comes after {token}?",
        "zh": "{k} 个选中的专家只留最好的 {kept} 个：{token} 之后是什么？",
    },
    "whatif.heading.bias": {
        "en": "Routers choose without their bias: what comes after {token}?",
        "zh": "路由选择时不用偏置：{token} 之后是什么？",
    },
    "change": {"en": "What to change", "zh": "改变什么"},
    "change.off": {"en": "Switch off", "zh": "关掉"},
    "change.force": {"en": "Force", "zh": "强制"},
    "change.top": {"en": "Fewer", "zh": "减少"},
    "change.bias": {"en": "No bias", "zh": "无偏置"},
    "kept": {"en": "Experts left", "zh": "保留的专家数"},
    "whatif.before": {"en": "before", "zh": "之前"},
    "whatif.after": {"en": "after", "zh": "之后"},
    "whatif.axis": {"en": "probability of the next token", "zh": "下一个词元的概率"},
    "whatif.moved": {
        "en": "{rerouted} of {count} tokens are now routed differently in some layer. The prediction moved by {bits} bits (Kullback–Leibler divergence).",
        "zh": "{count} 个词元中有 {rerouted} 个在某些层的路由变了。预测改变了 {bits} 比特（KL 散度）。",
    },
    "whatif.same": {
        "en": "Nothing changed: no token of this prompt is routed differently, and every probability is the same.",
        "zh": "没有变化：这段提示文本没有词元改变路线，所有概率相同。",
    },
    "whatif.best": {
        "en": "Most probable: {before} before, {after} after.",
        "zh": "最可能的词元：之前是 {before}，之后是 {after}。",
    },
    "whatif.best.same": {"en": "The most probable token is still {before}.", "zh": "最可能的词元仍是 {before}。"},
    "whatif.look.off": {
        "en": "The router can no longer choose it, so the next best takes its place. Try each expert: look for one whose loss hurts this prompt, and for one nobody misses.",
        "zh": "路由不能再选它，由次好的专家顶替。逐个试试：哪个专家缺了影响大，哪个没人在意？",
    },
    "whatif.look.force": {
        "en": "It is chosen first by every token, but weighs as much as its own score allows. Look for tokens it was never made for.",
        "zh": "每个词元都先选它，但权重仍由它自己的得分决定。看看它本不擅长的词元会怎样。",
    },
    "whatif.look.top": {
        "en": "The weights of those left are normalised again, where the model normalises. Look how little, or how much, the last expert mattered.",
        "zh": "若模型做归一化，留下的权重会重新归一。看看最后一个专家到底有多重要。",
    },
    "whatif.look.bias": {
        "en": "In training the bias keeps the load even. Look for tokens that only went where the bias sent them.",
        "zh": "训练时偏置使负载均匀。找一找只因偏置才走那条路的词元。",
    },
    "whatif.routes": {"en": "Where the tokens go now", "zh": "现在词元去哪里"},
}
