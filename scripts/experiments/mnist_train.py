"""Training, with torch, of the variational autoencoders of bbans_mnist.py: a vector of Gaussians, two networks."""

from __future__ import annotations

import json
import math
import time

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from scripts.experiments.mnist_model import LOG_DEVIATION, LOG_SHAPE, PIXELS, SLOPE, WEIGHTS, images

BATCH = 128
LEARNING_RATE = 2e-3


def network(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Two hidden layers."""
    leaky = nn.LeakyReLU(SLOPE)
    first, second, last = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, outputs)
    return nn.Sequential(first, leaky, second, leaky, last)


class LogGamma(torch.autograd.Function):
    """log gamma of a positive float32 tensor, and its derivative: Stirling's series at x + 3.

    torch.lgamma is exact to the last bit and takes more than half of the training time; the error of this one is 1e-6.
    """

    @staticmethod
    def forward(ctx, x):
        product = x * (x + 1) * (x + 2)
        y = x + 3
        log, inverse = y.log(), 1 / y
        square = inverse * inverse
        ctx.save_for_backward(
            log - inverse * (0.5 + inverse * (1 / 12 - square * (1 / 120 - square / 252)))
            - (3 * x * x + 6 * x + 2) / product
        )  # fmt: skip
        series = inverse * (1 / 12 - square * (1 / 360 - square / 1260))
        return (y - 0.5) * log - y + 0.5 * math.log(2 * math.pi) + series - product.log()

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]


class VAE(nn.Module):
    """kind: "binarised" or "raw"; x is float32 (n, 784) in 0..1 or 0..255."""

    def __init__(self, kind: str, hidden: int, latents: int) -> None:
        super().__init__()
        self.kind, self.latents = kind, latents
        self.encoder = network(PIXELS, hidden, 2 * latents)
        self.decoder = network(latents, hidden, PIXELS * (1 if kind == "binarised" else 2))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """In nats, (n,) each: -log p(x | z) for a sample of the posterior, and the KL divergence from the prior."""
        mean, log_deviation = self.encoder(x if self.kind == "binarised" else x / 255).chunk(2, dim=1)
        log_deviation = log_deviation.clamp(*LOG_DEVIATION)
        deviation = log_deviation.exp()
        outputs = self.decoder(mean + deviation * torch.randn_like(mean))
        divergence = 0.5 * (mean**2 + deviation**2 - 1) - log_deviation
        if self.kind == "binarised":
            pixels = nn.functional.binary_cross_entropy_with_logits(outputs, x, reduction="none")
        else:
            pixels = -beta_binomial(x, *outputs.clamp(*LOG_SHAPE).exp().chunk(2, dim=1))
        return pixels.sum(1), divergence.sum(1)


def beta_binomial(x: torch.Tensor, alpha: torch.Tensor, beta: torch.Tensor, n: int = 255) -> torch.Tensor:
    """log P(x), x of 0..n."""
    gamma, table = LogGamma.apply, torch.lgamma(torch.arange(1.0, n + 2))
    index = x.long()
    choices = table[n] - table[index] - table[n - index]
    above = gamma(x + alpha) + gamma(n - x + beta) - gamma(n + alpha + beta)
    return choices + above - gamma(alpha) - gamma(beta) + gamma(alpha + beta)


def train(kind: str, minutes: float, hidden: int, latents: int, more: bool = False, seed: int = 0) -> None:
    """Train for the given minutes of wall time, print the loss in bits per pixel, write float16 weights.

    more: continue from the present weights, at half the learning rate; their record is kept.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    model = VAE(kind, hidden, latents)
    data = torch.from_numpy(images("train"))
    path, earlier = WEIGHTS / f"mnist-{kind}.safetensors", []
    if more:
        with safe_open(path, framework="torch") as file:
            model.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})
            earlier = json.loads(file.metadata()["record"])["sessions"]
    else:
        with torch.no_grad():
            model.decoder[-1].bias[:] = initial_bias(data, kind)
    peak = LEARNING_RATE / (2 if more else 1)
    optimizer = torch.optim.Adam(model.parameters(), peak, betas=(0.9, 0.99))
    began, worked, steps, spent, total, counted = time.time(), time.process_time(), 0, 0.0, 0.0, 0
    while spent < 1:
        for batch in torch.randperm(len(data)).split(BATCH):
            spent = (time.time() - began) / (60 * minutes)
            if spent >= 1:
                break
            rate = min(1, steps / 200) * 0.5 * (1 + math.cos(math.pi * spent))
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
            x = data[batch].float()
            if kind == "binarised":
                x = torch.bernoulli(x / 255)
            pixels, divergence = model(x)
            loss = (pixels + (1 if more else min(1, 0.2 + steps / 1000)) * divergence).mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 100 if kind == "binarised" else 400)
            optimizer.step()
            steps += 1
            total += float((pixels + divergence).detach().mean()) / (PIXELS * math.log(2))
            counted += 1
        if counted:
            line = {"epochs": round(steps * BATCH / len(data), 2), "bits": round(total / counted, 4)}
            print(kind, json.dumps({**line, "seconds": round(time.time() - began)}), flush=True)
        session = {**line, "seed": seed, "minutes": round((time.time() - began) / 60, 1)}
        session["cpu_minutes"] = round((time.process_time() - worked) / 60, 1)
        record = {"kind": kind, "hidden": hidden, "latents": latents, "sessions": [*earlier, session]}
        tensors = {name: value.detach().half().contiguous() for name, value in model.state_dict().items()}
        save_file(tensors, path, metadata={"record": json.dumps(record)})
        total, counted = 0.0, 0


def initial_bias(data: torch.Tensor, kind: str) -> torch.Tensor:
    """Biases of the last layer with which the likelihood of each pixel begins at its mean over the data."""
    mean = (data.float().mean(0) / 255).clamp(0.002, 0.998)
    logit = mean.log() - (1 - mean).log()
    return logit if kind == "binarised" else torch.cat([logit / 2 - 1, -logit / 2 - 1])
