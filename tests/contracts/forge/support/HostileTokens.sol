// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A reserve token that keeps a share of each transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    uint256 public feeBps;

    constructor(uint256 initialFeeBps) {
        feeBps = initialFeeBps;
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        uint256 fee = from == address(0) || to == address(0) ? 0 : amount * feeBps / 10_000;
        if (fee != 0) super._update(from, address(0), fee);
        super._update(from, to, amount - fee);
    }
}

/// @notice A reserve token that calls the sender before, and the receiver after, each transfer (ERC-777 manner).
contract HookToken is ERC20("Hook", "HOOK") {
    mapping(address account => bool) public hooked;

    function setHook(bool on) external {
        hooked[msg.sender] = on;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (hooked[from]) IHook(from).tokensToSend(amount);
        super._update(from, to, amount);
        if (hooked[to]) IHook(to).tokensReceived(amount);
    }
}

interface IHook {
    function tokensToSend(uint256 amount) external;
    function tokensReceived(uint256 amount) external;
}
