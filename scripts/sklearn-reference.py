#!/usr/bin/python3
"""Writes packages/learning/test/sklearn.json: what scikit-learn makes of data that both sides can make for themselves.

Needs Debian's python3-sklearn. Run from the repository's root: scripts/sklearn-reference.py
"""
import json
import numpy as np
import sklearn
from sklearn.calibration import _SigmoidCalibration
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

FEATURES, TRAIN, TEST = 8, 1200, 800


def numbers(seed):
    """The linear congruential generator of Numerical Recipes, upper bytes: 0 to 255."""
    while True:
        seed = (seed * 1664525 + 1013904223) % 2**32
        yield seed >> 24


def made(rows, seed):
    """Features in steps of 1/16 from -4 to 4; the label is what the sign of a rough score says, with noise."""
    draw = numbers(seed)
    x, y = [], []
    for _ in range(rows):
        row = [((next(draw) >> 1) - 64) / 16 for _ in range(FEATURES)]
        noise = sum(next(draw) - 128 for _ in range(4)) / 64
        score = 1.5 * row[0] - row[1] + row[2] * row[3] / 2 + max(0, row[4]) + noise - 1
        x.append(row)
        y.append(1 if score > 0 else 0)
    return np.array(x), np.array(y)


x, y = made(TRAIN, 1)
xt, yt = made(TEST, 2)

tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=30, random_state=0).fit(x, y)
forest = RandomForestClassifier(100, max_depth=8, min_samples_leaf=3, random_state=0).fit(x, y)
boosting = HistGradientBoostingClassifier(max_iter=80, max_depth=4, max_leaf_nodes=None, learning_rate=0.1, min_samples_leaf=10,
                                          early_stopping=False).fit(x, y)
logistic = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
supports, gamma = x[:64].astype(np.float32).astype(float), 0.05
kernel = LogisticRegression(C=2.0, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(rbf_kernel(x, supports, gamma), y)
network = MLPClassifier((12, 6), max_iter=300, random_state=0, alpha=1e-3).fit(x, y)

scores = logistic.decision_function(xt)
probabilities = logistic.predict_proba(xt)[:, 1]
isotonic = IsotonicRegression(out_of_bounds="clip").fit(scores, yt)
platt = _SigmoidCalibration().fit(scores, yt)
at = np.linspace(-6, 6, 25)
nodes = tree.tree_

json.dump({
    "sklearn": sklearn.__version__,
    "tree": [[int(nodes.feature[i]), float(nodes.threshold[i])] if nodes.feature[i] >= 0 else [-1, float(nodes.value[i][0][1] / nodes.value[i][0].sum())]
             for i in range(nodes.node_count)],
    "forestAuc": roc_auc_score(yt, forest.predict_proba(xt)[:, 1]),
    "boostingAuc": roc_auc_score(yt, boosting.predict_proba(xt)[:, 1]),
    "boostingProbabilities": boosting.predict_proba(xt)[:40, 1].tolist(),
    "logistic": {"weights": logistic.coef_[0].tolist(), "intercept": float(logistic.intercept_[0]),
                 "probabilities": probabilities[:40].tolist()},
    "kernel": {"gamma": gamma, "supports": 64, "penalty": 0.5,
               "probabilities": kernel.predict_proba(rbf_kernel(xt[:40], supports, gamma))[:, 1].tolist()},
    "network": {"weights": [w.ravel().tolist() for w in network.coefs_], "biases": [b.tolist() for b in network.intercepts_],
                "probabilities": network.predict_proba(xt[:40])[:, 1].tolist(), "auc": roc_auc_score(yt, network.predict_proba(xt)[:, 1])},
    "isotonic": {"at": at.tolist(), "values": isotonic.predict(at).tolist()},
    "platt": {"slope": -float(platt.a_), "intercept": -float(platt.b_)},
    "metrics": {"averagePrecision": average_precision_score(yt, probabilities), "rocAuc": roc_auc_score(yt, probabilities),
                "brier": brier_score_loss(yt, probabilities), "logLoss": log_loss(yt, probabilities)},
}, open("packages/learning/test/sklearn.json", "w"), indent=1)
