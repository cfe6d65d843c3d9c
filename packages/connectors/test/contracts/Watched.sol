// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// What the engine watches, as small as it can be and with the interfaces of the real ones.

contract Token {
  uint8 public immutable decimals;
  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;

  event Transfer(address indexed from, address indexed to, uint256 value);

  constructor(uint8 decimals_) {
    decimals = decimals_;
  }

  function mint(address to, uint256 value) external {
    totalSupply += value;
    balanceOf[to] += value;
    emit Transfer(address(0), to, value);
  }

  function burn(uint256 value) external {
    balanceOf[msg.sender] -= value;
    totalSupply -= value;
    emit Transfer(msg.sender, address(0), value);
  }

  function transfer(address to, uint256 value) external returns (bool) {
    balanceOf[msg.sender] -= value;
    balanceOf[to] += value;
    emit Transfer(msg.sender, to, value);
    return true;
  }
}

/// Curve's plain pool of two coins, in the arithmetic of StableSwap3Pool.vy.
contract StableSwap {
  uint256 public immutable A;
  uint256 public constant fee = 1000000;
  uint256[2] public balances;
  uint256[2] private rates;

  constructor(uint256 a, uint256[2] memory balances_, uint256[2] memory rates_) {
    A = a;
    balances = balances_;
    rates = rates_;
  }

  function normalised() private view returns (uint256[2] memory xp) {
    for (uint256 k = 0; k < 2; k++) xp[k] = (balances[k] * rates[k]) / 1e18;
  }

  function invariant(uint256[2] memory xp) private view returns (uint256 D) {
    uint256 S = xp[0] + xp[1];
    if (S == 0) return 0;
    D = S;
    uint256 Ann = A * 2;
    for (uint256 k = 0; k < 255; k++) {
      uint256 P = D;
      for (uint256 c = 0; c < 2; c++) P = (P * D) / (xp[c] * 2);
      uint256 previous = D;
      D = ((Ann * S + P * 2) * D) / ((Ann - 1) * D + 3 * P);
      if (D > previous ? D - previous <= 1 : previous - D <= 1) break;
    }
  }

  function balanceAfter(uint256 x, uint256[2] memory xp) private view returns (uint256 y) {
    uint256 D = invariant(xp);
    uint256 Ann = A * 2;
    uint256 c = (((D * D) / (x * 2)) * D) / (Ann * 2);
    uint256 b = x + D / Ann;
    y = D;
    for (uint256 k = 0; k < 255; k++) {
      uint256 previous = y;
      y = (y * y + c) / (2 * y + b - D);
      if (y > previous ? y - previous <= 1 : previous - y <= 1) break;
    }
  }

  function get_dy(int128 i, int128 j, uint256 dx) public view returns (uint256) {
    uint256 from = uint256(int256(i));
    uint256 to = uint256(int256(j));
    uint256[2] memory xp = normalised();
    uint256 y = balanceAfter(xp[from] + (dx * rates[from]) / 1e18, xp);
    uint256 dy = xp[to] - y - 1;
    return ((dy - (fee * dy) / 1e10) * 1e18) / rates[to];
  }

  function exchange(int128 i, int128 j, uint256 dx) external returns (uint256 dy) {
    dy = get_dy(i, j, dx);
    balances[uint256(int256(i))] += dx;
    balances[uint256(int256(j))] -= dy;
  }
}

/// Uniswap V2's pair.
contract ConstantProduct {
  uint112 private reserve0;
  uint112 private reserve1;

  constructor(uint112 reserve0_, uint112 reserve1_) {
    reserve0 = reserve0_;
    reserve1 = reserve1_;
  }

  function getReserves() external view returns (uint112, uint112, uint32) {
    return (reserve0, reserve1, uint32(block.timestamp));
  }

  function swap0(uint112 amount) external returns (uint112 bought) {
    uint256 paid = uint256(amount) * 997;
    bought = uint112((paid * reserve1) / (uint256(reserve0) * 1000 + paid));
    reserve0 += amount;
    reserve1 -= bought;
  }
}

/// Uniswap V3's pool with one range that covers every price.
contract ConcentratedLiquidity {
  uint160 private sqrtPriceX96;
  int24 private tick;
  uint128 public liquidity;
  uint32 private written;
  int56 private cumulative;

  constructor(uint160 sqrtPriceX96_, int24 tick_, uint128 liquidity_) {
    sqrtPriceX96 = sqrtPriceX96_;
    tick = tick_;
    liquidity = liquidity_;
    written = uint32(block.timestamp);
  }

  function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool) {
    return (sqrtPriceX96, tick, 0, 1, 1, 0, true);
  }

  /// Trades to a price.
  function moveTo(uint160 sqrtPriceX96_, int24 tick_) external {
    cumulative += int56(tick) * int56(uint56(uint32(block.timestamp) - written));
    written = uint32(block.timestamp);
    sqrtPriceX96 = sqrtPriceX96_;
    tick = tick_;
  }

  function observe(uint32[] calldata secondsAgos) external view returns (int56[] memory ticks, uint160[] memory none) {
    ticks = new int56[](secondsAgos.length);
    none = new uint160[](secondsAgos.length);
    for (uint256 k = 0; k < secondsAgos.length; k++) {
      uint32 at = uint32(block.timestamp) - secondsAgos[k];
      require(at >= written, "OLD");
      ticks[k] = cumulative + int56(tick) * int56(uint56(at - written));
    }
  }
}

/// Chainlink's aggregator.
contract PriceFeed {
  int256 private answer;
  uint80 private round;
  uint256 private updated;

  function write(int256 answer_) external {
    answer = answer_;
    round++;
    updated = block.timestamp;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (round, answer, updated, updated, round);
  }
}
