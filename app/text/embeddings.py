"""The embeddings page."""

TEXT = {
    "title": {"en": "Embeddings", "zh": "嵌入"},
    "part": {"en": "Part of the page", "zh": "页面内容"},
    "part.rows": {"en": "From token to vector", "zh": "从词元到向量"},
    "part.position": {"en": "Position", "zh": "位置"},
    "part.nearest": {"en": "Neighbours and map", "zh": "近邻与地图"},
    # From token to vector
    "rows.heading": {
        "en": "Each token id picks one row of the embedding matrix",
        "zh": "每个词元 id 取出嵌入矩阵的一行",
    },
    "rows.look": {
        "en": "{count} rows, one for each token of the vocabulary; {width} columns. Look for a token that comes twice: equal ids, equal rows, whatever stands around them.",
        "zh": "矩阵有 {count} 行（词表中每个词元一行）、{width} 列。找一找出现两次的词元：id 相同，行就相同，与上下文无关。",
    },
    "rows.group": {
        "en": "The prompt's rows of the embedding matrix as a heat map: rows are tokens, columns are dimensions",
        "zh": "提示文本在嵌入矩阵中各行的热图：行是词元，列是维度",
    },
    "rows.point": {
        "en": "Point at a cell to read its number. 99 % of the matrix lies on this scale; the rest (up to {largest}) has the end colours:",
        "zh": "指向单元格可读数值。矩阵中 99 % 的数在此色标内；其余（最大 {largest}）用两端颜色：",
    },
    "column.position": {"en": "#", "zh": "#"},
    "column.token": {"en": "token", "zh": "词元"},
    "column.id": {"en": "id", "zh": "id"},
    "column.bytes": {"en": "bytes", "zh": "字节"},
    "dimension": {"en": "dimension", "zh": "维度"},
    "rows.numbers": {
        "en": "Row {id}, the vector of {token}: {width} numbers, length {length}",
        "zh": "第 {id} 行，{token}的向量：{width} 个数，长度 {length}",
    },
    # Position
    "position.heading.rope": {
        "en": "This model adds no position vector: it rotates",
        "zh": "这个模型不加位置向量：它旋转",
    },
    "position.rope": {
        "en": "What enters the first layer is the embedding itself, the same at every position. Position comes in later, inside each attention layer: the entries of every query and key are taken in pairs, and each pair turns by its own angle times the position.",
        "zh": "进入第一层的就是嵌入本身，在任何位置都相同。位置稍后才进入，在每个注意力层内部：每个查询和键的分量两两成对，每一对转过“自己的角度 × 位置”。",
    },
    "position.rope.clocks": {
        "en": "How far position {position} ({token}) turns the first {count} of {pairs} pairs (pair: angle)",
        "zh": "位置 {position}（{token}）使前 {count} 对（共 {pairs} 对）转过的角度（第几对：角度）",
    },
    "position.rope.clocks.all": {
        "en": "How far position {position} ({token}) turns each of the {count} pairs (pair: angle)",
        "zh": "位置 {position}（{token}）使全部 {count} 对各转过的角度（第几对：角度）",
    },
    "position.rope.look": {
        "en": "The first pairs are fast hands that tell neighbours apart; the last ones hardly move and tell far from near. A query and a key meet at the difference of their angles, so only their distance counts. Click other tokens above and watch the hands turn.",
        "zh": "前面的对像快针，分辨相邻的词元；后面的对几乎不动，分辨远近。查询与键相遇时只剩角度之差，所以只有距离起作用。点击上方其他词元，看指针转动。",
    },
    "position.pair.hover": {
        "en": "pair {pair}: {radians} rad per position, now {angle} rad; a full turn takes {period} positions",
        "zh": "第 {pair} 对：每个位置 {radians} 弧度，现在 {angle} 弧度；转一圈要 {period} 个位置",
    },
    "position.rope.same": {
        "en": "Checked on this prompt: the vectors that enter layer 0 equal the embeddings, largest difference {difference}.",
        "zh": "已在此提示文本上核对：进入第 0 层的向量等于嵌入，最大差 {difference}。",
    },
    "position.rope.other": {
        "en": "In this model the first layer's input differs from the embeddings by up to {difference}.",
        "zh": "在这个模型中，第一层的输入与嵌入最多相差 {difference}。",
    },
    "position.heading.learned": {
        "en": "Embedding + position vector = what enters the first layer",
        "zh": "嵌入 + 位置向量 = 进入第一层的向量",
    },
    "position.learned": {
        "en": "Position {position} has a learned vector of its own, whatever token stands there. It is added to the row of {token}, number by number: compare the three rows column by column.",
        "zh": "位置 {position} 有一个学到的向量，与那里是什么词元无关。它与{token}的那一行逐个数相加：请逐列比较这三行。",
    },
    "position.row.embed": {"en": "embedding", "zh": "嵌入"},
    "position.row.position": {"en": "+ position {position}", "zh": "+ 位置 {position}"},
    "position.row.sum": {"en": "= sum", "zh": "= 和"},
    "position.column": {"en": "vector", "zh": "向量"},
    "position.group": {
        "en": "Embedding, position vector and their sum as a heat map",
        "zh": "嵌入、位置向量与它们之和的热图",
    },
    "position.point": {
        "en": "Point at a cell to read its number. Colours end at the largest number shown:",
        "zh": "指向单元格可读数值。色标两端是图中最大的数：",
    },
    "position.numbers": {"en": "The sum, {width} numbers, length {length}", "zh": "和：{width} 个数，长度 {length}"},
    "position.all": {"en": "The position vectors of the whole prompt", "zh": "整个提示文本的位置向量"},
    "position.all.look": {
        "en": "No token plays a part here: a prompt of other tokens has the same picture. Look for columns that change slowly and smoothly from row to row.",
        "zh": "这里与词元无关：换成别的词元，图也一样。找一找逐行缓慢平滑变化的列。",
    },
    "position.all.numbers": {
        "en": "The vector of position {position}: {width} numbers, length {length}",
        "zh": "位置 {position} 的向量：{width} 个数，长度 {length}",
    },
    # Neighbours and map
    "nearest.heading": {"en": "Which tokens point the same way as {token}?", "zh": "哪些词元与{token}方向相近？"},
    "nearest.look": {
        "en": "Cosine of the angle between two rows; 1 is the same direction. All {count} tokens were compared; half of them lie left of the dashed line, {median}: only what is clearly to the right of it means something.",
        "zh": "两行夹角的余弦，1 表示方向相同。已比较全部 {count} 个词元，其中一半在虚线（{median}）左边：明显在虚线右边的才算相近。",
    },
    "nearest.untrained": {
        "en": "Here it means nothing: the weights are random, and these neighbours chance.",
        "zh": "但这里没有含义：权重是随机数，这些近邻纯属偶然。",
    },
    "nearest.none": {
        "en": "The row of {token} has length 0: it has no direction, so no neighbours.",
        "zh": "{token}的行长度为 0：没有方向，也就没有近邻。",
    },
    "nearest.rank": {"en": "#", "zh": "#"},
    "nearest.token": {"en": "token", "zh": "词元"},
    "nearest.measure": {"en": "cosine", "zh": "余弦"},
    "nearest.choose": {"en": "Neighbours of {token}", "zh": "{token} 的近邻"},
    "nearest.group": {"en": "Nearest tokens by cosine", "zh": "余弦最近的词元"},
    "find": {"en": "Find any token", "zh": "查找任意词元"},
    "find.placeholder": {"en": "Find any token: type a word", "zh": "查找任意词元：输入文字"},
    "find.none": {"en": "No token of this model contains that text.", "zh": "该模型没有包含这段文字的词元。"},
    "find.found": {"en": "Tokens found; choose one", "zh": "找到的词元；点击选择"},
    "map.heading": {
        "en": "A map of the vocabulary, showing {shown} of its variance",
        "zh": "词表地图：显示了方差的 {shown}",
    },
    "map.working": {
        "en": "Looking for the two directions in which the vocabulary spreads most…",
        "zh": "正在寻找词表差异最大的两个方向……",
    },
    "map.look": {
        "en": "{width} dimensions flattened to the two along which the tokens spread most (PCA): {first} and {second} of the variance. Far apart here is far apart; close here may still be far apart. Click dots at the edges: which kind of token lives there?",
        "zh": "{width} 个维度压成词元差异最大的两个（PCA）：各占方差的 {first} 和 {second}。图上远，就真的远；图上近，仍可能很远。点击边缘的圆点：那里是哪一类词元？",
    },
    "map.group": {
        "en": "Map of all tokens of the vocabulary by the two principal components",
        "zh": "按两个主成分画出的全部词元的地图",
    },
    "map.hint": {
        "en": "Point at a dot to see its token, click to choose it; drag to move, Ctrl + wheel or the buttons to zoom.",
        "zh": "指向圆点看词元，点击选中；拖动可移动，Ctrl + 滚轮或按钮可缩放。",
    },
    "map.reset": {"en": "Whole map", "zh": "整张地图"},
    "map.closer": {"en": "Zoom in", "zh": "放大"},
    "map.farther": {"en": "Zoom out", "zh": "缩小"},
    "map.x": {"en": "→ component 1: {share}", "zh": "→ 第 1 主成分：{share}"},
    "map.y": {"en": "↑ component 2: {share}", "zh": "↑ 第 2 主成分：{share}"},
    "map.chosen": {"en": "chosen: {token}", "zh": "选中：{token}"},
    "map.near": {"en": "its nearest", "zh": "它的近邻"},
    "map.prompt": {"en": "tokens of the prompt", "zh": "提示文本的词元"},
}
